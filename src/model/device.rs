//! Which device the tensors live on: asked for by name, or found. Never burn's own default, whose choice would depend
//! on which cargo features some other crate switched on.

use std::panic::catch_unwind;

use burn::tensor::Device;
use thiserror::Error;

/// A device, named, with the reason for taking it.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// The device, without autodiff.
    pub device: Device,
    /// Its name: `flex`, `ndarray`, `cuda:0 (NVIDIA H200)`.
    pub name: String,
    /// Why this one, for people.
    pub why: String,
}

impl Chosen {
    /// Whether it is the processor, whose tensors lie in ordinary memory.
    pub fn is_processor(&self) -> bool {
        matches!(self.name.as_str(), "flex" | "ndarray")
    }

    /// Name and reason in one line.
    pub fn describe(&self) -> String {
        format!("{}: {}", self.name, self.why)
    }
}

/// Why there is no such device.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum DeviceError {
    /// The name means nothing.
    #[error("`{0}` is no device; there are auto, cpu, ndarray, cuda[:N] and wgpu[:N]")]
    Unknown(String),
    /// This build has no such backend.
    #[error(
        "this build has no {name} backend; build it with `cargo build --release --features {name}`, or use --device cpu"
    )]
    NotCompiled {
        /// The cargo feature.
        name: &'static str,
    },
    /// The backend is there, the hardware is not.
    #[error(
        "no {name} device with number {index} was found ({found} there); look at `tagli doctor`, or use --device cpu"
    )]
    Absent {
        /// The backend.
        name: &'static str,
        /// The number asked for.
        index: usize,
        /// How many there are.
        found: usize,
    },
}

/// A request, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Request {
    Auto,
    Flex,
    NdArray,
    Cuda(usize),
    Wgpu(usize),
}

impl Request {
    fn read(text: &str) -> Result<Self, DeviceError> {
        let unknown = || DeviceError::Unknown(text.to_owned());
        let lower = text.trim().to_ascii_lowercase();
        let (name, index) = match lower.split_once(':') {
            Some((name, number)) => (name, Some(number.parse::<usize>().map_err(|_| unknown())?)),
            None => (lower.as_str(), None),
        };
        match (name, index) {
            ("auto", None) => Ok(Self::Auto),
            ("cpu" | "flex", None | Some(0)) => Ok(Self::Flex),
            ("ndarray", None | Some(0)) => Ok(Self::NdArray),
            ("cuda", index) => Ok(Self::Cuda(index.unwrap_or(0))),
            ("wgpu" | "vulkan" | "metal", index) => Ok(Self::Wgpu(index.unwrap_or(0))),
            _ => Err(unknown()),
        }
    }
}

/// The device that `request` (`auto`, `cpu`, `flex`, `ndarray`, `cuda[:N]`, `wgpu[:N]`) names. `auto` is CUDA where it
/// was compiled in and is there, then a real GPU through wgpu, then the processor. May probe drivers: takes up to
/// seconds, so not for the thread that draws.
///
/// # Errors
/// An unknown name, a backend that this build does not have, or hardware that is not there.
pub fn choose(request: &str) -> Result<Chosen, DeviceError> {
    match Request::read(request)? {
        Request::Auto => Ok(automatic()),
        Request::Flex => Ok(flex("asked for")),
        Request::NdArray => ndarray(),
        Request::Cuda(index) => {
            let found = cuda_devices().ok_or(DeviceError::NotCompiled { name: "cuda" })?;
            pick(found, "cuda", index, "asked for")
        }
        Request::Wgpu(index) => {
            let found = wgpu_devices().ok_or(DeviceError::NotCompiled { name: "wgpu" })?;
            pick(found, "wgpu", index, "asked for")
        }
    }
}

/// Everything that could be asked for here, best first. Probes as [`choose`] does.
pub fn available() -> Vec<Chosen> {
    let mut all = Vec::new();
    for (name, found) in [("cuda", cuda_devices()), ("wgpu", wgpu_devices())] {
        let found = found.unwrap_or_default();
        all.extend((0..found.len()).filter_map(|index| pick(found.clone(), name, index, "found").ok()));
    }
    all.push(flex("always there"));
    all.extend(ndarray());
    all
}

fn automatic() -> Chosen {
    let (cuda, wgpu) = (cuda_devices(), wgpu_devices());
    let chosen = cuda
        .clone()
        .and_then(|found| pick(found, "cuda", 0, "the first CUDA device").ok())
        .or_else(|| wgpu.clone().and_then(|found| pick(found, "wgpu", 0, "a GPU, no CUDA device was found").ok()));
    chosen.unwrap_or_else(|| {
        flex(match (cuda, wgpu) {
            (None, None) => "this build has no GPU backend",
            _ => "no GPU was found",
        })
    })
}

fn flex(why: &str) -> Chosen {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let cores = if threads == 1 { "1 processor core".to_owned() } else { format!("{threads} processor cores") };
    Chosen { device: Device::flex(), name: "flex".into(), why: format!("{why}; {cores}") }
}

#[cfg(feature = "ndarray")]
fn ndarray() -> Result<Chosen, DeviceError> {
    #[expect(deprecated, reason = "kept selectable as an independent check of flex")]
    let device = Device::ndarray();
    Ok(Chosen { device, name: "ndarray".into(), why: "asked for; slower than flex".into() })
}

#[cfg(not(feature = "ndarray"))]
fn ndarray() -> Result<Chosen, DeviceError> {
    Err(DeviceError::NotCompiled { name: "ndarray" })
}

fn pick(mut found: Vec<(Device, String)>, name: &'static str, index: usize, why: &str) -> Result<Chosen, DeviceError> {
    if index >= found.len() {
        return Err(DeviceError::Absent { name, index, found: found.len() });
    }
    let (device, card) = found.swap_remove(index);
    Ok(Chosen { device, name: format!("{name}:{index}{card}"), why: why.to_owned() })
}

/// The CUDA devices with their names in brackets; `None` in a build without CUDA. A driver that panics counts as none.
#[cfg(feature = "cuda")]
fn cuda_devices() -> Option<Vec<(Device, String)>> {
    use burn::tensor::DeviceType;
    Some(probe(|| Device::enumerate(DeviceType::Cuda).into_iter().map(|device| (card(&device).1, device)).collect()))
}

#[cfg(not(feature = "cuda"))]
fn cuda_devices() -> Option<Vec<(Device, String)>> {
    None
}

/// As [`cuda_devices`] for wgpu; software rasterisers, which are slower than flex, are left out.
#[cfg(feature = "wgpu")]
fn wgpu_devices() -> Option<Vec<(Device, String)>> {
    use burn::tensor::DeviceType;
    Some(probe(|| {
        let all = Device::enumerate(DeviceType::Wgpu).into_iter();
        all.map(|device| (card(&device), device))
            .filter(|((real, _), _)| *real)
            .map(|((_, name), d)| (name, d))
            .collect()
    }))
}

#[cfg(not(feature = "wgpu"))]
fn wgpu_devices() -> Option<Vec<(Device, String)>> {
    None
}

/// Whether a device is a card, and its name.
#[cfg(any(feature = "cuda", feature = "wgpu"))]
fn card(device: &Device) -> (bool, String) {
    device
        .identity()
        .map_or((false, String::new()), |identity| (identity.physical.is_some(), format!(" ({})", identity.name)))
}

/// Drivers may be broken in any way; a panic of theirs means that there is no device.
#[cfg_attr(not(any(feature = "cuda", feature = "wgpu")), expect(dead_code, reason = "only GPU backends are probed"))]
fn probe(list: impl FnOnce() -> Vec<(String, Device)> + std::panic::UnwindSafe) -> Vec<(Device, String)> {
    catch_unwind(list).unwrap_or_default().into_iter().map(|(name, device)| (device, name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read() {
        assert_eq!(Request::read("auto"), Ok(Request::Auto));
        assert_eq!(Request::read(" CPU "), Ok(Request::Flex));
        assert_eq!(Request::read("cuda"), Ok(Request::Cuda(0)));
        assert_eq!(Request::read("wgpu:1"), Ok(Request::Wgpu(1)));
        for bad in ["", "tpu", "cuda:", "cuda:x", "cuda:-1", "auto:1", "flex:1"] {
            assert_eq!(Request::read(bad), Err(DeviceError::Unknown(bad.to_owned())), "{bad}");
        }
    }

    #[test]
    fn the_processor_is_always_there() {
        let chosen = choose("cpu").unwrap();
        assert_eq!(chosen.name, "flex");
        assert!(!chosen.device.is_autodiff());
        assert!(!choose("auto").unwrap().why.is_empty());
        assert!(available().iter().any(|chosen| chosen.name == "flex"));
    }

    #[cfg(not(feature = "cuda"))]
    #[test]
    fn a_backend_that_is_not_compiled_in_says_how_to_get_it() {
        assert!(choose("cuda:1").unwrap_err().to_string().contains("--features cuda"));
    }
}
