//! Devices on which a network is computed: requested by name, or detected.
//!
//! burn's own default is never used: its choice would depend on the cargo features that other crates switch on.

use burn::tensor::Device;
use thiserror::Error;

use super::kernels;

/// Name of the processor with the kernels of this program.
const CPU: &str = "cpu";
/// Name of the processor with burn's network on burn-flex.
const FLEX: &str = "flex";

/// Selected device, with the reason for the choice.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// Way to compute the network there.
    pub compute: Compute,
    /// Name of the device: `cpu`, `flex`, `ndarray`, `cuda:0 (NVIDIA H200)`.
    pub name: String,
    /// Reason for the choice, shown to the user.
    pub why: String,
}

/// Way to compute a network on a device.
#[derive(Clone, Debug)]
pub enum Compute {
    /// By the hand-written kernels, on slices in ordinary memory.
    Kernels,
    /// By burn's tensor operations on this device, without autodiff.
    Tensors(Device),
}

impl Chosen {
    /// Whether it is the processor, whose arithmetic is plain `f32`.
    pub fn is_processor(&self) -> bool {
        matches!(self.name.as_str(), CPU | FLEX | "ndarray")
    }

    /// Name and reason in one line.
    pub fn describe(&self) -> String {
        format!("{}: {}", self.name, self.why)
    }
}

/// Reason why there is no such device.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum DeviceError {
    /// No device has this name.
    #[error("unknown device `{0}`; use one of auto, cpu, flex, ndarray, cuda[:N], wgpu[:N]")]
    Unknown(String),
    /// This build has no such backend.
    #[error(
        "this build has no {name} backend; build it with `cargo build --release --features {name}`, or use --device cpu"
    )]
    NotCompiled {
        /// The cargo feature.
        name: &'static str,
    },
    /// This build has the backend, but the hardware was not found.
    #[error(
        "no {name} device with number {index} was found ({found} there); look at `tagli doctor`, or use --device cpu"
    )]
    Absent {
        /// The backend.
        name: &'static str,
        /// The number asked for.
        index: usize,
        /// Number of devices found.
        found: usize,
    },
    /// The processor has only some of the features that the kernels need together.
    #[error(
        "this processor has {has} but not {lacks}, and the matrix kernels need both; use a build made with `--features \
         ndarray` and --device ndarray, or another machine"
    )]
    Processor {
        /// Feature by which the kernels are selected.
        has: &'static str,
        /// Missing feature that they need as well.
        lacks: &'static str,
    },
}

/// Parsed device name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Request {
    Auto,
    Cpu,
    Flex,
    NdArray,
    Cuda(usize),
    Wgpu(usize),
}

impl Request {
    /// Parses `auto`, `cpu`, `flex`, `ndarray`, `cuda[:N]` or `wgpu[:N]`.
    fn parse(text: &str) -> Option<Self> {
        let lower = text.trim().to_ascii_lowercase();
        let (name, index) = match lower.split_once(':') {
            Some((name, number)) => (name, Some(number.parse::<usize>().ok()?)),
            None => (lower.as_str(), None),
        };
        match (name, index) {
            ("auto", None) => Some(Self::Auto),
            ("cpu", None | Some(0)) => Some(Self::Cpu),
            ("flex", None | Some(0)) => Some(Self::Flex),
            ("ndarray", None | Some(0)) => Some(Self::NdArray),
            ("cuda", index) => Some(Self::Cuda(index.unwrap_or(0))),
            ("wgpu" | "vulkan" | "metal", index) => Some(Self::Wgpu(index.unwrap_or(0))),
            _ => None,
        }
    }
}

/// Returns the device with the name `request`.
/// `auto`, `cpu`, `flex`, `ndarray`, `cuda[:N]` or `wgpu[:N]`.
///
/// `auto` takes CUDA if it was compiled in and a device was found, then a real GPU through wgpu, then the processor.
/// Probing drivers may take seconds: do not call this on the thread that draws.
///
/// # Errors
/// An unknown name, a backend that this build does not have, or missing hardware.
pub fn choose(request: &str) -> Result<Chosen, DeviceError> {
    match Request::parse(request).ok_or_else(|| DeviceError::Unknown(request.to_owned()))? {
        Request::Auto => automatic(),
        Request::Cpu => cpu("asked for"),
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

/// Returns every device that can be requested here, best first.
/// Probes drivers as [`choose`] does.
pub fn available() -> Vec<Chosen> {
    let mut all = Vec::new();
    for (name, found) in [("cuda", cuda_devices()), ("wgpu", wgpu_devices())] {
        let found = found.unwrap_or_default();
        all.extend((0..found.len()).filter_map(|index| pick(found.clone(), name, index, "found").ok()));
    }
    all.extend(cpu("the kernels of this program"));
    all.extend(flex("burn's network, slower"));
    all.extend(ndarray());
    all
}

fn automatic() -> Result<Chosen, DeviceError> {
    let cuda = cuda_devices();
    if let Some(chosen) = cuda.clone().and_then(|found| pick(found, "cuda", 0, "the first CUDA device").ok()) {
        return Ok(chosen);
    }
    let wgpu = wgpu_devices();
    // A software rasteriser is slower than the kernels: it is used only if requested by name.
    let cards = wgpu.iter().flatten().filter(|found| found.is_card).cloned().collect();
    if let Ok(chosen) = pick(cards, "wgpu", 0, "a GPU, no CUDA device was found") {
        return Ok(chosen);
    }
    let processor = cpu(match (cuda, wgpu) {
        (None, None) => "this build has no GPU backend",
        _ => "no GPU was found",
    });
    processor.or_else(|error| ndarray().map_err(|_| error))
}

/// The processor with the kernels.
fn cpu(why: &str) -> Result<Chosen, DeviceError> {
    processor(CPU, Compute::Kernels, why)
}

/// The processor with burn's network.
fn flex(why: &str) -> Result<Chosen, DeviceError> {
    processor(FLEX, Compute::Tensors(Device::flex()), why)
}

/// The processor, if the crate `gemm` can multiply matrices on it.
/// Kernels and burn-flex both use that crate.
fn processor(name: &str, compute: Compute, why: &str) -> Result<Chosen, DeviceError> {
    if let Some(error) = missing_feature(processor_has) {
        return Err(error);
    }
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let cores = if threads == 1 { "1 processor core".to_owned() } else { format!("{threads} processor cores") };
    Ok(Chosen { compute, name: name.to_owned(), why: format!("{why}; {cores}") })
}

/// Instruction sets that matrix products and loops use here, for the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instructions {
    /// Of the matrix products (crate `gemm`).
    pub products: &'static str,
    /// Of the kernels' loops (crate `pulp`).
    pub loops: &'static str,
    /// Of a training in bf16; `None` if it is refused.
    pub bf16: Option<&'static str>,
}

/// Returns the instruction sets selected on this processor.
pub fn instructions() -> Instructions {
    Instructions {
        products: product_instructions(processor_has),
        loops: kernels::instruction_set(),
        bf16: kernels::bf16_is_fast().then_some("AVX-512 BF16"),
    }
}

/// Instruction set that `gemm` selects on a processor with these features.
fn product_instructions(has: impl Fn(&str) -> bool) -> &'static str {
    match KERNELS.into_iter().find(|(feature, _)| has(feature)) {
        Some(("avx512f", _)) => "AVX-512",
        Some(_) => "AVX2 and FMA",
        None if cfg!(target_arch = "aarch64") => "NEON",
        None => "none beyond the baseline",
    }
}

/// Matrix kernels of the crate `gemm`, newest first.
/// The feature that selects one, and the others that it needs. On a processor with only some of them (AMD 2012 to 2014,
/// some virtual machines) it would panic in the middle of a step.
const KERNELS: [(&str, &[&str]); 2] = [
    ("avx512f", &["avx2", "fma", "bmi1", "bmi2", "lzcnt", "avx512bw", "avx512cd", "avx512dq", "avx512vl"]),
    ("fma", &["avx2", "bmi1", "bmi2", "lzcnt"]),
];

/// Returns the first needed feature that this processor lacks.
/// It is needed by the selected matrix kernel.
fn missing_feature(has: impl Fn(&str) -> bool) -> Option<DeviceError> {
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
    let compute = Compute::Tensors(device);
    Ok(Chosen { compute, name: "ndarray".into(), why: "burn's former processor backend; slower than flex".into() })
}

#[cfg(not(feature = "ndarray"))]
fn ndarray() -> Result<Chosen, DeviceError> {
    Err(DeviceError::NotCompiled { name: "ndarray" })
}

/// Device that a backend found.
#[derive(Clone, Debug)]
struct Found {
    device: Device,
    /// Name of the hardware in brackets; empty if unknown.
    card: String,
    /// Whether it is hardware, not a software rasteriser.
    is_card: bool,
}

fn pick(mut found: Vec<Found>, name: &'static str, index: usize, why: &str) -> Result<Chosen, DeviceError> {
    if index >= found.len() {
        return Err(DeviceError::Absent { name, index, found: found.len() });
    }
    let Found { device, card, .. } = found.swap_remove(index);
    Ok(Chosen { compute: Compute::Tensors(device), name: format!("{name}:{index}{card}"), why: why.to_owned() })
}

/// CUDA devices; `None` in a build without CUDA.
#[cfg(feature = "cuda")]
fn cuda_devices() -> Option<Vec<Found>> {
    Some(probe(burn::tensor::DeviceType::Cuda))
}

#[cfg(not(feature = "cuda"))]
fn cuda_devices() -> Option<Vec<Found>> {
    None
}

/// wgpu devices, hardware before software rasterisers.
/// `None` in a build without wgpu.
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

/// Devices of one backend.
/// A driver may be broken in any way: if it panics, it has no device.
#[cfg(any(feature = "cuda", feature = "wgpu"))]
fn probe(kind: burn::tensor::DeviceType) -> Vec<Found> {
    std::panic::catch_unwind(|| Device::enumerate(kind).into_iter().map(Found::new).collect()).unwrap_or_default()
}

#[cfg(any(feature = "cuda", feature = "wgpu"))]
impl Found {
    fn new(device: Device) -> Self {
        let identity = device.identity();
        let is_card = identity.as_ref().is_some_and(|identity| identity.physical.is_some());
        let card = identity.map_or_else(String::new, |identity| format!(" ({})", identity.name));
        Self { device, card, is_card }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read() {
        assert_eq!(Request::parse("auto"), Some(Request::Auto));
        assert_eq!(Request::parse(" CPU "), Some(Request::Cpu));
        assert_eq!(Request::parse("flex"), Some(Request::Flex));
        assert_eq!(Request::parse("cuda"), Some(Request::Cuda(0)));
        assert_eq!(Request::parse("wgpu:1"), Some(Request::Wgpu(1)));
        for bad in ["", "tpu", "cuda:", "cuda:x", "cuda:-1", "auto:1", "flex:1", "cpu:1"] {
            assert_eq!(Request::parse(bad), None, "{bad}");
            assert_eq!(choose(bad).unwrap_err(), DeviceError::Unknown(bad.to_owned()));
        }
    }

    #[test]
    fn the_processor_is_always_there() {
        for (name, kernels) in [("cpu", true), ("flex", false)] {
            let chosen = choose(name).unwrap();
            assert_eq!(chosen.name, name);
            assert!(chosen.is_processor());
            match chosen.compute {
                Compute::Kernels => assert!(kernels),
                Compute::Tensors(device) => assert!(!kernels && !device.is_autodiff()),
            }
            assert!(available().iter().any(|chosen| chosen.name == name));
        }
        assert!(!choose("auto").unwrap().why.is_empty());
    }

    #[test]
    fn a_processor_with_half_a_generation_is_refused_before_the_kernels_panic() {
        let with = |features: &'static [&str]| move |feature: &str| features.contains(&feature);
        for fit in [&[][..], &["avx2"], &["fma", "avx2", "bmi1", "bmi2", "lzcnt"]] {
            assert_eq!(missing_feature(with(fit)), None, "{fit:?}");
        }
        let piledriver = missing_feature(with(&["fma", "bmi1", "lzcnt"]));
        assert_eq!(piledriver, Some(DeviceError::Processor { has: "fma", lacks: "avx2" }));
        let phi = missing_feature(with(&["avx512f", "avx512cd", "fma", "avx2", "bmi1", "bmi2", "lzcnt"]));
        assert_eq!(phi, Some(DeviceError::Processor { has: "avx512f", lacks: "avx512bw" }));
        assert!(phi.is_some_and(|error| error.to_string().contains("--device ndarray")));
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn instruction_sets_have_names() {
        let with = |features: &'static [&str]| move |feature: &str| features.contains(&feature);
        assert_eq!(product_instructions(with(&["avx512f", "fma"])), "AVX-512");
        assert_eq!(product_instructions(with(&["fma"])), "AVX2 and FMA");
        assert_eq!(product_instructions(with(&[])), "none beyond the baseline");
        // gemm and pulp look for the same features.
        let Instructions { products, loops, bf16 } = instructions();
        assert_eq!(products, loops);
        // Every processor with the instructions for bf16 has AVX-512.
        assert!(bf16.is_none() || products == "AVX-512");
    }

    #[cfg(not(feature = "cuda"))]
    #[test]
    fn a_backend_that_is_not_compiled_in_says_how_to_get_it() {
        assert!(choose("cuda:1").unwrap_err().to_string().contains("--features cuda"));
    }
}
