use super::*;
use crate::runs::embedded_bases;
use crate::{
    runs::live::Predicted,
    spans::{LabelChange, WordSpan},
};

const DISHES: [&str; 8] = ["tacos", "soup", "salad", "pizza", "rice", "pasta", "curry", "ramen"];

/// Reviews of three words with a price and a dish.
fn reviews(range: std::ops::Range<usize>) -> Vec<Sentence> {
    let review = |at: usize| {
        let words = ["cheap", DISHES[at % DISHES.len()], if at.is_multiple_of(2) { "please" } else { "here" }];
        let tags = ["B-Price", "B-Dish", "O"];
        let [words, tags] = [words, tags].map(|texts| texts.map(str::to_owned).to_vec());
        Sentence { id: format!("r{at}"), words, tags }
    };
    range.map(review).collect()
}

fn data(train: std::ops::Range<usize>) -> Dataset {
    Dataset { train: reviews(train), ..Dataset::default() }
}

fn finished(range: std::ops::Range<usize>, predicted: Option<(&str, &[WordSpan])>) -> Vec<FinishedDocument> {
    let predicted = predicted.map(|(model, spans)| Predicted { model: model.into(), spans: spans.to_vec() });
    range
        .map(|at| FinishedDocument { id: format!("r{at}"), predicted: predicted.clone(), held_back: at % 20 == 0 })
        .collect()
}

/// A tuning with which the reviews are learned at once.
fn tuning() -> Tuning {
    // The smaller base learns these few words within seconds.
    let base = embedded_bases::MINI;
    Tuning { base, mask: 0.0, rate: 1e-3, epochs: 2.0, replay: 8, first_steps: 30, most_steps: 12, ..Tuning::default() }
}

struct Project {
    data: Dataset,
    labels: LabelSet,
    finished: Vec<FinishedDocument>,
    rival: Option<String>,
}

impl Project {
    fn new(train: std::ops::Range<usize>) -> Self {
        Self { data: data(train), labels: LabelSet::restaurant(), finished: Vec::new(), rival: None }
    }

    fn round(&self, learner: &mut Learner) -> Round {
        self.round_while(learner, &|| true).unwrap()
    }

    fn round_while(&self, learner: &mut Learner, goes_on: &(dyn Fn() -> bool + Sync)) -> Option<Round> {
        learner.round(&self.input(goes_on)).unwrap()
    }

    fn input<'a>(&'a self, goes_on: &'a (dyn Fn() -> bool + Sync)) -> RoundInput<'a> {
        RoundInput {
            data: &self.data,
            labels: &self.labels,
            finished: &self.finished,
            rival: self.rival.clone(),
            rival_started: 0,
            run_counts: &|_, _| None,
            newest_run: Some(RunStart { id: "0004-mini".into(), started: 44 }),
            every: 5,
            now: &|| 1_800_000_000,
            goes_on,
        }
    }
}

#[test]
fn a_model_is_learned_judged_by_the_next_documents_and_then_suggests() {
    let mut learner = Learner::new(tuning()).unwrap();
    let mut project = Project::new(0..5);
    project.finished = finished(0..5, None);
    assert_eq!(project.round(&mut learner), Round { trained: true, took_over: false }, "nothing has judged it");
    let report = learner.report(LiveState::Waiting(5));
    assert_eq!((report.newest, report.suggester, report.learned), (Some(Version(1)), None, 5));
    project.data = data(0..12);
    project.finished = finished(5..12, None);
    let round = project.round(&mut learner);
    assert_eq!(learner.contest, Contest::against(round.took_over.then(|| "live-2".to_owned())));
    assert!(round.took_over, "{:?}", learner.contest);
    let report = learner.report(LiveState::Learning);
    assert_eq!((report.newest, report.suggester), (Some(Version(2)), Some(Version(2))));
    let over = RunStart { id: "0004-mini".into(), started: 44 };
    assert_eq!((report.over, report.recent.map(|recent| recent.documents)), (Some(over), Some(7)));
    let record = learner.kept().unwrap().0;
    assert_eq!((record.over.as_deref(), record.over_started), (Some("0004-mini"), 44));
    assert_eq!((record.version, record.learned.len()), (Version(2), 12));
}

#[test]
fn of_two_models_the_one_that_was_right_before_suggests() {
    let right = [WordSpan::new(0..1, "Price"), WordSpan::new(1..2, "Dish")];
    let mut learner = Learner::new(tuning()).unwrap();
    let mut project = Project::new(0..40);
    project.rival = Some("0001-mini".into());
    project.round(&mut learner);
    // The run finds everything; the live model, which has learned little, may not.
    project.data = data(0..46);
    project.finished = finished(40..46, Some(("0001-mini", &[])));
    assert!(project.round(&mut learner).took_over, "the run found nothing");
    let report = learner.report(LiveState::Learning);
    let recent = report.recent.unwrap();
    assert_eq!((recent.documents, recent.learned), (6, 40));
    assert!(recent.f1 > 0.0, "the F1 of the run is 0, but this is the F1 of the live model");
    // What has learned the most makes the suggestions: there is nothing to compare, and it does again.
    let before = learner.suggester.clone();
    project.rival = Some("live-2".into());
    project.data = data(0..50);
    project.finished = finished(46..50, Some(("0001-mini", &right)));
    assert!(project.round(&mut learner).took_over);
    assert_eq!(learner.contest, Contest::against(Some("live-3".into())));
    // A newer version is compared with the one that suggests. Which model had answered on the screen does not matter.
    learner.suggester = before;
    project.data = data(0..55);
    project.finished = finished(50..55, Some(("0001-mini", &[])));
    assert!(project.round(&mut learner).took_over);
    assert_eq!(learner.suggester().unwrap().version, Version(4));
}

#[test]
fn a_model_that_was_clearly_worse_for_many_rounds_is_given_up() {
    let mut learner = Learner::new(tuning()).unwrap();
    Project::new(0..8).round(&mut learner);
    let before = learner.candidate.clone().unwrap();
    for _ in 1..MOST_LOST {
        learner.count_loss(true, Some("0001-mini"));
    }
    assert!(learner.candidate.is_some());
    learner.count_loss(false, Some("0001-mini"));
    let lost = EntityCounts { true_positives: 0, false_positives: 9, false_negatives: 9 };
    learner.contest.add(Pair { learner: lost, rival: EntityCounts::default() });
    for _ in 0..MOST_LOST {
        learner.count_loss(true, Some("0001-mini"));
    }
    assert!(learner.candidate.is_none(), "the next round begins with the base");
    assert_eq!(learner.contest, Contest::against(Some("0001-mini".into())), "its successor begins without losses");
    learner.suggester = Some(before);
    for _ in 0..MOST_LOST {
        learner.count_loss(true, Some("live-1"));
    }
    assert_eq!(learner.candidate.as_ref().unwrap().version, Version(1), "learning goes on from the one that suggests");
}

#[test]
fn a_round_that_is_interrupted_changes_nothing() {
    let mut learner = Learner::new(tuning()).unwrap();
    let mut project = Project::new(0..8);
    assert_eq!(project.round_while(&mut learner, &|| false), None);
    assert_eq!(learner.report(LiveState::Off), LiveReport::default());
    project.round(&mut learner);
    let before = (learner.report(LiveState::Off), learner.contest.clone());
    let model = learner.candidate.clone().unwrap();
    project.data = data(0..14);
    project.finished = finished(8..14, Some(("0001-mini", &[])));
    project.rival = Some("0001-mini".into());
    let steps = std::sync::atomic::AtomicUsize::new(0);
    let goes_on = || steps.fetch_add(1, std::sync::atomic::Ordering::Relaxed) < 1;
    assert_eq!(project.round_while(&mut learner, &goes_on), None);
    assert_eq!((learner.report(LiveState::Off), learner.contest.clone()), before);
    assert!(Arc::ptr_eq(&model, learner.candidate.as_ref().unwrap()));
    assert!(project.round(&mut learner).trained, "the same documents are judged and learned later");
    assert_eq!(learner.scores.estimates().recent.unwrap().documents, 6);
}

#[test]
fn documents_that_were_learned_or_reopened_judge_nothing() {
    let mut learner = Learner::new(tuning()).unwrap();
    let mut project = Project::new(0..8);
    project.round(&mut learner);
    project.finished = finished(0..8, Some(("0001-mini", &[])));
    project.finished.extend(finished(90..95, Some(("0001-mini", &[]))));
    project.rival = Some("0001-mini".into());
    assert_eq!(project.round(&mut learner), Round::default(), "there is nothing new");
    assert_eq!((learner.contest.documents, learner.scores.estimates().recent), (0, None));
}

#[test]
fn labels_are_added_renamed_and_merged_while_it_learns() {
    let mut learner = Learner::new(tuning()).unwrap();
    let mut project = Project::new(0..30);
    project.round(&mut learner);
    assert_eq!(learner.candidate.as_ref().unwrap().model.config.tags.len(), 5);
    let rename = |labels: &mut LabelSet, from: &str, to: &str| {
        let id = labels.named(from).unwrap().id;
        labels.change(&LabelChange::Rename(id, to.into()), || 900).unwrap();
    };
    rename(&mut project.labels, "Dish", "Food");
    for sentence in &mut project.data.train {
        sentence.tags[1] = "B-Food".into();
    }
    let before = learner.candidate.clone().unwrap();
    let found = sum(counts(&before.model, &project.labels, &project.data.train).unwrap());
    assert_eq!(found.rates().f1, 1.0, "it knows the new name");
    project.data.train.extend(reviews(30..33).into_iter().map(|mut sentence| {
        sentence.tags = ["B-Price", "B-Food", "B-Amenity"].map(str::to_owned).to_vec();
        sentence
    }));
    assert!(project.round(&mut learner).trained);
    let tags = &learner.candidate.as_ref().unwrap().model.config.tags;
    assert_eq!(tags, &["O", "B-Amenity", "I-Amenity", "B-Food", "I-Food", "B-Price", "I-Price"]);
    assert!(learner.candidate.as_ref().unwrap().learned.len() == 33);
}

#[test]
fn learning_goes_on_from_what_was_kept_and_no_number_is_given_twice() {
    let mut learner = Learner::new(tuning()).unwrap();
    let mut project = Project::new(0..40);
    project.rival = Some("0001-mini".into());
    project.round(&mut learner);
    project.data = data(0..46);
    project.finished = finished(40..46, Some(("0001-mini", &[])));
    assert!(project.round(&mut learner).took_over);
    let (record, model) = learner.kept().unwrap();
    let mut next = Learner::new(tuning()).unwrap();
    next.go_on_from(LiveRecord::from_json(&record.to_json().unwrap()).unwrap(), model.model.clone());
    assert_eq!(next.report(LiveState::Off), learner.report(LiveState::Off));
    next.skip_versions(Version(9));
    project.data = data(0..48);
    project.rival = Some("live-2".into());
    project.finished = finished(46..48, None);
    assert!(project.round(&mut next).trained);
    assert_eq!(next.report(LiveState::Off).newest, Some(Version(10)));
    assert!(Learner::new(tuning()).unwrap().kept().is_none());
}

#[test]
fn what_was_learned_is_kept_also_before_it_suggests() {
    let mut learner = Learner::new(tuning()).unwrap();
    let mut project = Project::new(0..8);
    project.rival = Some("0001-mini".into());
    project.round(&mut learner);
    let (record, model) = learner.kept().unwrap();
    assert_eq!((record.version, record.suggests, record.learned.len()), (Version(1), false, 8));
    let mut next = Learner::new(tuning()).unwrap();
    next.go_on_from(LiveRecord::from_json(&record.to_json().unwrap()).unwrap(), model.model.clone());
    assert!(next.suggester().is_none());
    assert_eq!(next.report(LiveState::Off), learner.report(LiveState::Off));
    // The version that suggests is kept, not what has learned more and lost; nor the losses.
    next.suggester.clone_from(&next.candidate);
    next.contest = Contest::against(Some("live-1".into()));
    next.contest.documents = 9;
    let later = LiveModel { version: Version(2), model: model.model.clone(), at: 9, learned: Learned::new() };
    next.candidate = Some(Arc::new(later));
    let record = next.kept().unwrap().0;
    assert_eq!((record.version, record.suggests, record.contest.documents), (Version(1), true, 0));
}

#[test]
fn a_round_that_failed_is_begun_with_other_weights() {
    let mut learner = Learner::new(tuning()).unwrap();
    let mut project = Project::new(0..8);
    project.round(&mut learner);
    let sound = learner.candidate.clone().unwrap();
    let mut model = sound.model.clone();
    model.weights.values_mut().for_each(|array| array.data.fill(f32::NAN));
    let broken = Arc::new(LiveModel { version: Version(2), model, at: 0, learned: sound.learned.clone() });
    project.data = data(0..12);
    for suggester in [None, Some(Arc::clone(&broken)), Some(Arc::clone(&sound))] {
        learner.candidate = Some(Arc::clone(&broken));
        learner.suggester.clone_from(&suggester);
        assert!(learner.round(&project.input(&|| true)).is_err());
        let next = learner.candidate.as_ref().map(|model| model.version);
        assert_eq!(next, suggester.map(|model| model.version).filter(|version| *version == Version(1)));
        assert!(project.round(&mut learner).trained);
        assert_eq!(learner.failed, 0);
    }
}

#[test]
fn weights_that_have_learned_a_removed_document_are_left() {
    let mut learner = Learner::new(tuning()).unwrap();
    let project = Project::new(0..8);
    project.round(&mut learner);
    learner.suggester.clone_from(&learner.candidate);
    let ids = |range: std::ops::Range<usize>| reviews(range).into_iter().map(|review| review.id).collect::<Vec<_>>();
    assert!(!learner.forget_removed(ids(0..9).iter().map(String::as_str)));
    assert_eq!(learner.kept().unwrap().0.learned.len(), 8);
    assert!(learner.forget_removed(ids(1..9).iter().map(String::as_str)));
    assert!(learner.kept().is_none() && learner.suggester().is_none());
}

#[test]
fn a_round_suggests_with_averaged_weights_and_the_next_goes_on_from_the_last_ones() {
    let mut learner = Learner::new(tuning()).unwrap();
    let mut project = Project::new(0..8);
    project.round(&mut learner);
    assert!(learner.last.is_none(), "there was nothing to average with");
    let first = learner.candidate.clone().unwrap();
    project.data = data(0..12);
    project.round(&mut learner);
    let candidate = learner.candidate.clone().unwrap();
    let (version, last) = learner.last.as_ref().unwrap();
    assert_eq!(*version, candidate.version);
    assert!(candidate.model.weights != *last && learner.before(&candidate).weights == *last);
    assert!(learner.before(&first).weights == first.model.weights, "another version has no last weights");
    let removed = reviews(1..12);
    assert!(learner.forget_removed(removed.iter().map(|review| review.id.as_str())));
    assert!(learner.last.is_none(), "they have learned the removed document, too");
}

#[test]
fn a_validation_document_is_scored_once() {
    let mut learner = Learner::new(tuning()).unwrap();
    let mut project = Project::new(0..8);
    project.round(&mut learner);
    project.data.valid = reviews(8..10);
    project.finished = finished(8..10, None);
    assert_eq!(project.round_while(&mut learner, &|| false), None);
    assert!(learner.scores.estimates().recent.is_none(), "a round that was ended scores nothing");
    for _ in 0..2 {
        assert_eq!(project.round(&mut learner), Round::default());
        assert_eq!(learner.scores.estimates().recent.unwrap().documents, 2);
    }
}

#[test]
fn numbers_of_versions_end_with_an_error() {
    let mut learner = Learner::new(tuning()).unwrap();
    learner.skip_versions(Version(Version::MOST));
    let project = Project::new(0..8);
    let input = project.input(&|| true);
    assert!(matches!(learner.round(&input), Err(LiveError::Versions)));
}

#[test]
fn a_validation_split_judges_at_once() {
    let mut learner = Learner::new(tuning()).unwrap();
    let mut project = Project::new(0..60);
    project.data.valid = reviews(60..72);
    let input = RoundInput {
        data: &project.data,
        labels: &project.labels,
        finished: &[],
        rival: Some("0001-mini".into()),
        rival_started: 0,
        run_counts: &|run, sentences| {
            assert_eq!((run, sentences.len()), ("0001-mini", 12));
            Some(EntityCounts { true_positives: 0, false_positives: 0, false_negatives: 24 })
        },
        newest_run: None,
        every: 5,
        now: &|| 0,
        goes_on: &|| true,
    };
    assert_eq!(learner.round(&input).unwrap(), Some(Round { trained: true, took_over: true }));
}

#[test]
fn the_time_of_a_version_is_the_end_of_its_training() {
    let mut learner = Learner::new(tuning()).unwrap();
    let mut project = Project::new(0..5);
    project.finished = finished(0..5, None);
    let looks = std::sync::atomic::AtomicU64::new(7);
    let goes_on = || looks.fetch_add(1, std::sync::atomic::Ordering::Relaxed) > 0;
    let now = || looks.load(std::sync::atomic::Ordering::Relaxed);
    let input = RoundInput { now: &now, ..project.input(&goes_on) };
    assert!(learner.round(&input).unwrap().unwrap().trained);
    assert!(learner.report(LiveState::Off).at > 8, "steps were looked at before");
}

#[test]
fn a_run_that_took_the_name_of_a_removed_one_is_another_rival() {
    let mut learner = Learner::new(tuning()).unwrap();
    let mut project = Project::new(0..8);
    project.rival = Some("0001-mini".into());
    project.round(&mut learner);
    learner.contest.documents = 9;
    let input = RoundInput { rival_started: 5, ..project.input(&|| true) };
    learner.round(&input).unwrap();
    assert_eq!((learner.contest.documents, learner.contest.rival_started), (0, 5));
    learner.contest.documents = 9;
    learner.round(&input).unwrap();
    assert_eq!(learner.contest.documents, 9);
}
