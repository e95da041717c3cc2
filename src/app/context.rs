//! Receivers of keys: a screen, its text field, or an overlay.

/// Receiver of keys.
/// One context is in front; [`Context::Everywhere`] is behind each.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    strum::VariantArray,
    strum::IntoStaticStr,
    strum::EnumString,
)]
#[strum(serialize_all = "kebab-case")]
pub enum Context {
    /// Behind every other context.
    Everywhere,
    /// No project is open.
    Welcome,
    /// The Tag screen.
    Tag,
    /// The Documents screen.
    Documents,
    /// The Train screen.
    Train,
    /// The Evaluate screen.
    Evaluate,
    /// The Explore screen, outside its text field.
    Explore,
    /// A text field has the keys.
    Typing,
    /// The form for a new project has the keys.
    Form,
    /// The palette is open.
    Palette,
    /// The help is open.
    Help,
    /// The menu for stopping a run is open.
    StopMenu,
    /// The question before leaving is open.
    QuitMenu,
    /// The question before a run is removed is open.
    RemoveMenu,
    /// The question to which split documents are moved is open.
    SplitMenu,
    /// The question before a base model is downloaded is open.
    FetchMenu,
    /// The question before a project is repaired is open.
    RepairMenu,
    /// The export is open, with its list of formats.
    Export,
    /// The list of what a format cannot hold is open.
    Losses,
    /// The preview of an import is open.
    ImportPreview,
    /// The question whose work is continued is open.
    WhoseWork,
    /// The list of the same words elsewhere is open.
    Occurrences,
    /// The history is open.
    History,
    /// The labels that have a letter are open.
    Labels,
    /// The label editor is open.
    LabelEditor,
    /// The comparison of annotators is open.
    Annotators,
    /// The list of mistakes is open.
    Mistakes,
    /// The kinds of mistakes and the confused labels are open.
    Confusion,
    /// The sentences of the project with a label are open.
    Examples,
    /// What the live model has learned is open.
    Learning,
}

impl Context {
    /// All contexts.
    pub const ALL: &'static [Self] = <Self as strum::VariantArray>::VARIANTS;

    /// Whether printable keys are text.
    pub fn is_typing(self) -> bool {
        matches!(self, Self::Typing | Self::Form | Self::Palette)
    }

    /// Whether it is over a screen and wants an answer first.
    pub fn is_overlay(self) -> bool {
        !matches!(
            self,
            Self::Everywhere
                | Self::Welcome
                | Self::Tag
                | Self::Documents
                | Self::Train
                | Self::Evaluate
                | Self::Explore
                | Self::Typing
                | Self::Form
        )
    }

    /// Name in config files and documentation.
    pub fn name(self) -> &'static str {
        self.into()
    }
}
