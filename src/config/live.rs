//! Settings of the model that learns while documents are tagged.

use crate::spans::NextDocument;

/// Settings of tagging with a live model.
///
/// The default is what the embedded defaults say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LiveSettings {
    /// Whether the live model learns.
    pub learns: bool,
    /// Finished documents after which it learns.
    pub every: usize,
    /// Load of each processor core above which it does not learn; 0 for never.
    pub max_load: f64,
    /// Whether it learns while the machine runs on battery.
    pub on_battery: bool,
    /// One document in this many is shown without suggestions; 0 for none.
    pub held_back: usize,
    /// Lowest score of a suggestion that the keys for all suggestions take, from 0 to 1.
    pub take_above: f32,
    /// Rule by which the next document is chosen.
    pub next: NextDocument,
}

impl Default for LiveSettings {
    fn default() -> Self {
        Self {
            learns: true,
            every: 5,
            max_load: 1.0,
            on_battery: false,
            held_back: 20,
            take_above: 0.0,
            next: NextDocument::InOrder,
        }
    }
}
