//! The horizontal axis of curves: epochs, steps or time.

use strum::{EnumString, IntoStaticStr, VariantArray};

use crate::text::number::grouped;

/// Horizontal axis of curves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "lowercase")]
pub enum Across {
    /// Epochs done.
    #[default]
    Epoch,
    /// Optimiser steps done.
    Step,
    /// Time of training, pauses not counted.
    Time,
}

impl Across {
    /// Name on the screen and in arguments.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Names a place on the axis: `epoch 2.0`, `step 1,200`, `12:34`.
    pub fn place_words(self, x: f64) -> String {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
        match self {
            Self::Epoch => format!("epoch {x:.1}"),
            Self::Step => format!("step {}", grouped(x.round() as usize)),
            Self::Time => clock(x),
        }
    }

    /// Names a place on the axis without the axis' name.
    pub fn short_words(self, x: f64) -> String {
        match self {
            Self::Epoch => format!("{x:.2}"),
            Self::Step => format!("{x:.0}"),
            Self::Time => clock(x),
        }
    }

    /// The axis after this one; after the last, the first.
    pub fn next(self) -> Self {
        Self::VARIANTS.iter().copied().cycle().skip_while(|across| *across != self).nth(1).unwrap_or_default()
    }
}

/// Formats seconds as `0:07`, `12:34` or `1:02:03`.
pub fn clock(seconds: f64) -> String {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
    let all = seconds.max(0.0).round() as u64;
    match all / 3600 {
        0 => format!("{}:{:02}", all / 60, all % 60),
        hours => format!("{hours}:{:02}:{:02}", all / 60 % 60, all % 60),
    }
}
