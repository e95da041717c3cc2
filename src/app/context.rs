//! Where the keys go: the screens, and what lies over them.

/// Where the keys go at a moment. One context is in front, [`Context::Everywhere`] lies behind each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
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
    /// The list of the same words elsewhere is open.
    Occurrences,
    /// The list of what was done is open.
    History,
    /// The labels that have a letter are open.
    Labels,
    /// The label set is open to be changed.
    LabelEditor,
    /// The annotators stand side by side.
    Annotators,
}

impl Context {
    /// All contexts.
    pub const ALL: [Self; 19] = [
        Self::Everywhere,
        Self::Welcome,
        Self::Tag,
        Self::Documents,
        Self::Train,
        Self::Evaluate,
        Self::Explore,
        Self::Typing,
        Self::Form,
        Self::Palette,
        Self::Help,
        Self::StopMenu,
        Self::QuitMenu,
        Self::RemoveMenu,
        Self::Occurrences,
        Self::History,
        Self::Labels,
        Self::LabelEditor,
        Self::Annotators,
    ];

    /// Whether printable keys are text.
    pub fn is_typing(self) -> bool {
        matches!(self, Self::Typing | Self::Form | Self::Palette)
    }

    /// Whether it lies over a screen and wants an answer first.
    pub fn is_overlay(self) -> bool {
        matches!(
            self,
            Self::Palette
                | Self::Help
                | Self::StopMenu
                | Self::QuitMenu
                | Self::RemoveMenu
                | Self::Occurrences
                | Self::History
                | Self::Labels
                | Self::LabelEditor
                | Self::Annotators
        )
    }

    /// The name in config files and documentation.
    pub fn name(self) -> &'static str {
        match self {
            Self::Everywhere => "everywhere",
            Self::Welcome => "welcome",
            Self::Tag => "tag",
            Self::Documents => "documents",
            Self::Train => "train",
            Self::Evaluate => "evaluate",
            Self::Explore => "explore",
            Self::Typing => "typing",
            Self::Form => "form",
            Self::Palette => "palette",
            Self::Help => "help",
            Self::StopMenu => "stop-menu",
            Self::QuitMenu => "quit-menu",
            Self::RemoveMenu => "remove-menu",
            Self::Occurrences => "occurrences",
            Self::History => "history",
            Self::Labels => "labels",
            Self::LabelEditor => "label-editor",
            Self::Annotators => "annotators",
        }
    }
}
