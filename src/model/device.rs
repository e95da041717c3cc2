//! Which device the tensors live on: asked for by name, or found. Never burn's own default, whose choice would depend
//! on which cargo features some other crate switched on.

use burn::tensor::Device;
use thiserror::Error;

/// The name of the processor's device.
const FLEX: &str = "flex";

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
        matches!(self.name.as_str(), FLEX | "ndarray")
    }

    /// Whether the kernels compute on it, rather than tensor operations.
    pub fn has_kernels(&self) -> bool {
        self.name == FLEX
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
    /// The processor has part of a generation's features.
    #[error(
        "this processor has {has} but not {lacks}, and the matrix kernels need both; use a build made with `--features \
         ndarray` and --device ndarray, or another machine"
    )]
    Processor {
        /// The feature by which the kernels are chosen.
        has: &'static str,
        /// One that they need too.
        lacks: &'static str,
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
        Request::Auto => automatic(),
        Request::Flex => flex("asked for"),
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
    all.extend(flex("always there"));
    all.extend(ndarray());
    all
}

fn automatic() -> Result<Chosen, DeviceError> {
    let (cuda, wgpu) = (cuda_devices(), wgpu_devices());
    let chosen = cuda
        .clone()
        .and_then(|found| pick(found, "cuda", 0, "the first CUDA device").ok())
        // A rasteriser in software is slower than the kernels: it computes where it is asked for by name.
        .or_else(|| {
            let cards = wgpu.clone().map(|found| found.into_iter().filter(|found| found.is_card).collect())?;
            pick(cards, "wgpu", 0, "a GPU, no CUDA device was found").ok()
        });
    chosen.map_or_else(
        || {
            let processor = flex(match (cuda, wgpu) {
                (None, None) => "this build has no GPU backend",
                _ => "no GPU was found",
            });
            processor.or_else(|error| ndarray().map_err(|_| error))
        },
        Ok,
    )
}

fn flex(why: &str) -> Result<Chosen, DeviceError> {
    if let Some(error) = unfit(processor_has) {
        return Err(error);
    }
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let cores = if threads == 1 { "1 processor core".to_owned() } else { format!("{threads} processor cores") };
    Ok(Chosen { device: Device::flex(), name: FLEX.into(), why: format!("{why}; {cores}") })
}

/// The matrix kernels, newest first: the feature by which one is chosen, and what it needs besides. With only part of
/// these (AMD's processors of 2012 to 2014, some virtual machines) it would panic in the middle of a step.
const KERNELS: [(&str, &[&str]); 2] = [
    ("avx512f", &["avx2", "fma", "bmi1", "bmi2", "lzcnt", "avx512bw", "avx512cd", "avx512dq", "avx512vl"]),
    ("fma", &["avx2", "bmi1", "bmi2", "lzcnt"]),
];

/// Why the matrix kernels do not run on a processor with these features.
fn unfit(has: impl Fn(&str) -> bool) -> Option<DeviceError> {
    let (chosen, needed) = KERNELS.into_iter().find(|(feature, _)| has(feature))?;
    let lacks = needed.iter().find(|feature| !has(feature))?;
    Some(DeviceError::Processor { has: chosen, lacks })
}

#[cfg(target_arch = "x86_64")]
fn processor_has(feature: &str) -> bool {
    use std::arch::is_x86_feature_detected;
    match feature {
        "avx2" => is_x86_feature_detected!("avx2"),
        "fma" => is_x86_feature_detected!("fma"),
        "bmi1" => is_x86_feature_detected!("bmi1"),
        "bmi2" => is_x86_feature_detected!("bmi2"),
        "lzcnt" => is_x86_feature_detected!("lzcnt"),
        "avx512f" => is_x86_feature_detected!("avx512f"),
        "avx512bw" => is_x86_feature_detected!("avx512bw"),
        "avx512cd" => is_x86_feature_detected!("avx512cd"),
        "avx512dq" => is_x86_feature_detected!("avx512dq"),
        "avx512vl" => is_x86_feature_detected!("avx512vl"),
        _ => false,
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn processor_has(_: &str) -> bool {
    false
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

/// A device that a backend found.
#[derive(Clone, Debug)]
struct Found {
    device: Device,
    /// Its name in brackets, if it tells one.
    card: String,
    /// Whether it is hardware.
    is_card: bool,
}

fn pick(mut found: Vec<Found>, name: &'static str, index: usize, why: &str) -> Result<Chosen, DeviceError> {
    if index >= found.len() {
        return Err(DeviceError::Absent { name, index, found: found.len() });
    }
    let Found { device, card, .. } = found.swap_remove(index);
    Ok(Chosen { device, name: format!("{name}:{index}{card}"), why: why.to_owned() })
}

/// The CUDA devices; `None` in a build without CUDA.
#[cfg(feature = "cuda")]
fn cuda_devices() -> Option<Vec<Found>> {
    Some(probe(burn::tensor::DeviceType::Cuda))
}

#[cfg(not(feature = "cuda"))]
fn cuda_devices() -> Option<Vec<Found>> {
    None
}

/// As [`cuda_devices`] for wgpu; hardware stands before rasterisers in software.
#[cfg(feature = "wgpu")]
fn wgpu_devices() -> Option<Vec<Found>> {
    let mut found = probe(burn::tensor::DeviceType::Wgpu);
    found.sort_by_key(|found| !found.is_card);
    Some(found)
}

#[cfg(not(feature = "wgpu"))]
fn wgpu_devices() -> Option<Vec<Found>> {
    None
}

/// Drivers may be broken in any way; a panic of theirs means that there is no device.
#[cfg(any(feature = "cuda", feature = "wgpu"))]
fn probe(kind: burn::tensor::DeviceType) -> Vec<Found> {
    let found = |device: Device| {
        let identity = device.identity();
        let is_card = identity.as_ref().is_some_and(|identity| identity.physical.is_some());
        let card = identity.map_or_else(String::new, |identity| format!(" ({})", identity.name));
        Found { device, card, is_card }
    };
    std::panic::catch_unwind(|| Device::enumerate(kind).into_iter().map(found).collect()).unwrap_or_default()
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

    #[test]
    fn a_processor_with_half_a_generation_is_refused_before_the_kernels_panic() {
        let with = |features: &'static [&str]| move |feature: &str| features.contains(&feature);
        for fit in [&[][..], &["avx2"], &["fma", "avx2", "bmi1", "bmi2", "lzcnt"]] {
            assert_eq!(unfit(with(fit)), None, "{fit:?}");
        }
        let piledriver = unfit(with(&["fma", "bmi1", "lzcnt"]));
        assert_eq!(piledriver, Some(DeviceError::Processor { has: "fma", lacks: "avx2" }));
        let phi = unfit(with(&["avx512f", "avx512cd", "fma", "avx2", "bmi1", "bmi2", "lzcnt"]));
        assert_eq!(phi, Some(DeviceError::Processor { has: "avx512f", lacks: "avx512bw" }));
        assert!(phi.is_some_and(|error| error.to_string().contains("--device ndarray")));
    }

    #[cfg(not(feature = "cuda"))]
    #[test]
    fn a_backend_that_is_not_compiled_in_says_how_to_get_it() {
        assert!(choose("cuda:1").unwrap_err().to_string().contains("--features cuda"));
    }
}
