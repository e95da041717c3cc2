//! Sets training settings by name.
//! By our own names and by those of the Hugging Face Trainer, past and present.

use super::settings::{Order, Precision, Settings};

/// Meaning of an alias.
enum Meaning {
    /// Another name of a setting.
    Same(&'static str),
    /// A setting with other values.
    Other(fn(&mut Settings, &str) -> Result<(), String>),
    /// No effect here, with the reason or the replacement.
    Nothing(&'static str),
}
use Meaning::{Nothing, Other, Same};

/// Names of the reference, of version 5 and earlier.
/// Sources: `TrainingArguments`, `EarlyStoppingCallback`, run_ner.py.
static ALIASES: [(&str, Meaning); 53] = [
    ("lr", Same("learning_rate")),
    ("num_train_epochs", Same("epochs")),
    ("per_device_train_batch_size", Same("batch")),
    ("per_gpu_train_batch_size", Same("batch")),
    ("train_batch_size", Same("batch")),
    ("gradient_accumulation_steps", Same("accumulation")),
    ("adam_beta_1", Same("adam_beta1")),
    ("adam_beta_2", Same("adam_beta2")),
    ("warmup_ratio", Other(warmup_ratio)),
    ("warmup_steps", Same("warmup")),
    ("lr_scheduler_type", Other(schedule)),
    ("label_smoothing_factor", Same("label_smoothing")),
    ("layerwise_learning_rate_decay", Same("layer_decay")),
    ("max_seq_length", Same("max_pieces")),
    ("max_length", Same("max_pieces")),
    ("doc_stride", Same("stride")),
    ("label_all_tokens", Other(label_all_tokens)),
    ("group_by_length", Other(group_by_length)),
    ("train_sampling_strategy", Other(sampling)),
    ("load_best_model_at_end", Same("keep_best")),
    ("metric_for_best_model", Other(metric)),
    ("greater_is_better", Other(|_, value| only(value, &["true"], "only F1 is compared"))),
    ("early_stopping_patience", Same("patience")),
    ("eval_strategy", Other(evaluation_strategy)),
    ("evaluation_strategy", Other(evaluation_strategy)),
    ("eval_steps", Same("evaluate_every")),
    ("logging_steps", Same("log_every")),
    ("save_steps", Same("checkpoint_every")),
    ("model_name_or_path", Same("base")),
    (
        "optim",
        Other(|_, value| only(value, &["adamw_torch", "adamw_torch_fused", "adamw_hf"], "only AdamW is available")),
    ),
    ("fp16", Other(|_, value| only(value, &["false"], "use bf16, which needs no scaling of the loss"))),
    ("bf16", Other(bf16)),
    ("max_steps", Other(|_, value| only(value, &["-1", "0"], "use epochs, which may have a fraction"))),
    ("data_seed", Other(|_, value| only(value, &["null", "None"], "the seed is used for the data, too"))),
    ("output_dir", Nothing("--out names the folder")),
    ("overwrite_output_dir", Nothing("an existing folder is never overwritten")),
    ("do_train", Nothing("a training always trains")),
    ("do_eval", Nothing("a validation split is always evaluated")),
    ("do_predict", Nothing("a test split is always scored")),
    ("per_device_eval_batch_size", Nothing("evaluations choose their own batches")),
    ("eval_accumulation_steps", Nothing("evaluations keep no logits")),
    ("save_strategy", Nothing("checkpoints depend on time, or on checkpoint_every")),
    ("save_total_limit", Nothing("the best and the newest weights are kept")),
    ("logging_strategy", Nothing("log_every sets the interval")),
    ("logging_dir", Nothing("the log is in the run's folder")),
    ("report_to", Nothing("metrics.jsonl contains every number")),
    ("run_name", Nothing("--out names the folder")),
    ("push_to_hub", Nothing("tagli models push does it")),
    ("hub_model_id", Nothing("tagli models push does it")),
    ("disable_tqdm", Nothing("there is no progress bar")),
    ("dataloader_num_workers", Nothing("data are prepared before the first step")),
    ("remove_unused_columns", Nothing("there are no unused columns")),
    (
        "use_cpu",
        Other(|settings, value| {
            if flag(value)? {
                settings.device = "cpu".to_owned();
            }
            Ok(())
        }),
    ),
];

impl Settings {
    /// Sets a setting by its name, or by its name in the Hugging Face Trainer.
    ///
    /// Returns a note about a name of the reference that has no effect here.
    ///
    /// # Errors
    /// The name is unknown (the error suggests the nearest one), or the value is invalid.
    pub fn set(&mut self, name: &str, value: &str) -> Result<Option<String>, String> {
        match ALIASES.iter().find(|(alias, _)| *alias == name).map(|(_, meaning)| meaning) {
            Some(Same(own)) => self.set_own(own, value).map(|()| None),
            Some(Other(set)) => set(self, value).map(|()| None).map_err(|why| format!("{name}={value}: {why}")),
            Some(Nothing(why)) => Ok(Some(format!("{name} changes nothing here: {why}"))),
            None => self.set_own(name, value).map(|()| None),
        }
    }

    /// Other names of a setting that take the same values; most are those of the Hugging Face Trainer.
    pub fn names_in_trainer(own: &str) -> Vec<&'static str> {
        let same = ALIASES.iter().filter(|(_, meaning)| matches!(meaning, Same(name) if *name == own));
        same.map(|(alias, _)| *alias).collect()
    }

    fn set_own(&mut self, own: &str, value: &str) -> Result<(), String> {
        let mut form = serde_json::to_value(&*self).map_err(|error| error.to_string())?;
        let Some(slot) = form.get_mut(own) else {
            let own_names = form.as_object().into_iter().flatten().map(|(name, _)| name.as_str());
            let names = own_names.chain(ALIASES.iter().map(|(alias, _)| *alias));
            let near = names.min_by_key(|other| strsim::osa_distance(own, other)).unwrap_or_default();
            return Err(format!("unknown setting `{own}`; did you mean `{near}`?"));
        };
        let text = serde_json::Value::String(value.to_owned());
        // A text setting takes the value as text: a base model may be called `123`.
        let json = match value {
            "True" => "true",
            "False" => "false",
            "None" => "null",
            other => other,
        };
        let kind = slot.clone();
        *slot = if slot.is_string() { text } else { serde_json::from_str(json).unwrap_or(text) };
        // serde's own message about a wrong type is not understandable to users.
        let wanted = match own {
            _ if kind.is_boolean() => "true or false",
            "stride" => "a whole number from 0",
            "dropout" => "a number",
            _ if kind.is_u64() => "a whole number from 0",
            _ if kind.is_number() => "a number",
            _ => "",
        };
        *self = serde_json::from_value(form).map_err(|error| match wanted.is_empty() {
            true => format!("{own}={value}: {error}"),
            false => format!("{own}={value}: use {wanted}"),
        })?;
        Ok(())
    }

    /// Sets all members of a JSON object, in its order, by the same names.
    ///
    /// # Errors
    /// It is not an object, or [`Settings::set`] refuses a member.
    pub fn set_all(&mut self, json: &serde_json::Value) -> Result<Vec<String>, String> {
        let members =
            json.as_object().ok_or("the file must contain a JSON object of settings, such as {\"epochs\": 3}")?;
        let mut notes = Vec::new();
        for (name, value) in members {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            notes.extend(self.set(name, &text)?);
        }
        Ok(notes)
    }
}

fn flag(value: &str) -> Result<bool, String> {
    match value.to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err("use true or false".to_owned()),
    }
}

fn only(value: &str, allowed: &[&str], why: &str) -> Result<(), String> {
    match allowed.iter().any(|allowed| allowed.eq_ignore_ascii_case(value)) {
        true => Ok(()),
        false => Err(why.to_owned()),
    }
}

fn warmup_ratio(settings: &mut Settings, value: &str) -> Result<(), String> {
    let share: f64 = value.parse().map_err(|_| "use a share of all steps, from 0 to below 1".to_owned())?;
    if !(0.0..1.0).contains(&share) {
        return Err("use a share of all steps, from 0 to below 1, or warmup_steps for a number of steps".to_owned());
    }
    settings.warmup = share;
    Ok(())
}

/// Sets the schedule. The reference's `constant` has no warm-up.
fn schedule(settings: &mut Settings, value: &str) -> Result<(), String> {
    let name = match value {
        "constant_with_warmup" => "constant",
        "constant" => {
            settings.warmup = 0.0;
            "constant"
        }
        other => other,
    };
    let known = "use linear, cosine, constant or constant_with_warmup";
    settings.set_own("schedule", name).map_err(|_| known.to_owned())
}

fn label_all_tokens(settings: &mut Settings, value: &str) -> Result<(), String> {
    settings.set_own("label_mode", if flag(value)? { "all-b" } else { "first" })
}

fn bf16(settings: &mut Settings, value: &str) -> Result<(), String> {
    settings.precision = if flag(value)? { Precision::Bf16 } else { Precision::Fp32 };
    Ok(())
}

fn group_by_length(settings: &mut Settings, value: &str) -> Result<(), String> {
    match flag(value)? {
        true => settings.order = Order::ByLength,
        false if settings.order == Order::ByLength => settings.order = Order::Shuffled,
        false => {}
    }
    Ok(())
}

fn sampling(settings: &mut Settings, value: &str) -> Result<(), String> {
    settings.order = match value {
        "random" => Order::Shuffled,
        "sequential" => Order::Sequential,
        "group_by_length" => Order::ByLength,
        _ => return Err("use random, sequential or group_by_length".to_owned()),
    };
    Ok(())
}

fn metric(_: &mut Settings, value: &str) -> Result<(), String> {
    only(value, &["f1", "eval_f1", "overall_f1", "eval_overall_f1"], "the best weights are chosen by F1 per word")
}

fn evaluation_strategy(settings: &mut Settings, value: &str) -> Result<(), String> {
    match value {
        "epoch" => {
            settings.evaluations = 0;
            settings.evaluate_every = 0;
        }
        "no" => {
            settings.evaluations = 1;
            settings.evaluate_every = 0;
        }
        // The reference's default; `eval_steps` may come before or after.
        "steps" if settings.evaluate_every == 0 => settings.evaluate_every = 500,
        "steps" => {}
        _ => return Err("use no, steps or epoch".to_owned()),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runs::{LabelMode, Schedule};

    fn with(pairs: &[(&str, &str)]) -> Settings {
        let mut settings = Settings::lesson("mini");
        for (name, value) in pairs {
            settings.set(name, value).unwrap();
        }
        settings
    }

    #[test]
    fn settings_are_set_by_their_own_and_by_the_references_names() {
        let settings = with(&[
            ("num_train_epochs", "5"),
            ("order", "sequential"),
            ("dropout", "0.2"),
            ("keep_best", "true"),
            ("base", "123"),
            ("gradient_accumulation_steps", "4"),
        ]);
        assert_eq!((settings.epochs, settings.order, settings.dropout), (5.0, Order::Sequential, Some(0.2)));
        assert_eq!((settings.keep_best, settings.base.as_str(), settings.accumulation), (true, "123", 4));
    }

    #[test]
    fn names_that_the_reference_has_changed_are_known() {
        let old = with(&[("evaluation_strategy", "steps"), ("warmup_ratio", "0.1"), ("group_by_length", "True")]);
        let new = with(&[("eval_strategy", "steps"), ("warmup_steps", "0.1")]);
        let new = {
            let mut new = new;
            new.set("train_sampling_strategy", "group_by_length").unwrap();
            new
        };
        assert_eq!(old, new);
        assert_eq!((old.evaluate_every, old.warmup, old.order), (500, 0.1, Order::ByLength));
        assert_eq!(with(&[("eval_steps", "7"), ("eval_strategy", "steps")]).evaluate_every, 7);
        assert_eq!(with(&[("eval_steps", "7"), ("eval_strategy", "epoch")]).evaluate_every, 0);
        assert_eq!(with(&[("lr_scheduler_type", "cosine")]).schedule, Schedule::Cosine);
        let constant = with(&[("warmup", "5"), ("lr_scheduler_type", "constant")]);
        assert_eq!((constant.schedule, constant.warmup), (Schedule::Constant, 0.0));
        assert_eq!(with(&[("label_all_tokens", "false")]).label_mode, LabelMode::First);
        assert_eq!(with(&[("bf16", "True")]), with(&[("precision", "bf16")]));
        assert_eq!(with(&[("bf16", "true")]).precision, Precision::Bf16);
        assert_eq!(with(&[("bf16", "true"), ("bf16", "false")]).precision, Precision::Fp32);
    }

    #[test]
    fn an_unknown_setting_names_the_nearest_and_a_bad_value_changes_nothing() {
        let mut settings = Settings::lesson("mini");
        for (name, near) in [
            ("learning_rat", "learning_rate"),
            ("num_epochs", "epochs"),
            ("per_device_batch_size", "per_device_eval_batch_size"),
            ("warmup_step", "warmup_steps"),
        ] {
            let expected = format!("unknown setting `{name}`; did you mean `{near}`?");
            assert_eq!(settings.set(name, "1").unwrap_err(), expected);
        }
        for (name, value) in [
            ("batch", "many"),
            ("warmup_ratio", "2"),
            ("fp16", "true"),
            ("max_steps", "100"),
            ("optim", "adafactor"),
            ("lr_scheduler_type", "polynomial"),
            ("metric_for_best_model", "loss"),
            ("greater_is_better", "false"),
        ] {
            let error = settings.set(name, value).unwrap_err();
            assert!(error.starts_with(&format!("{name}={value}: ")), "{error}");
        }
        assert_eq!(settings, Settings::lesson("mini"));
    }

    #[test]
    fn a_file_of_training_arguments_is_read_and_unused_ones_are_reported() {
        let mut settings = Settings::lesson("mini");
        let json = serde_json::json!({
            "output_dir": "out", "learning_rate": 5e-5, "num_train_epochs": 4, "fp16": false, "report_to": "none",
            "load_best_model_at_end": true, "early_stopping_patience": 2,
        });
        let notes = settings.set_all(&json).unwrap();
        assert_eq!(notes.len(), 2);
        assert!(notes[0].starts_with("output_dir changes nothing here: --out"), "{notes:?}");
        assert_eq!((settings.learning_rate, settings.epochs, settings.patience), (5e-5, 4.0, 2));
        assert!(settings.set_all(&serde_json::json!([1])).is_err());
    }

    #[test]
    fn every_alias_means_a_setting_that_there_is() {
        let form = serde_json::to_value(Settings::lesson("mini")).unwrap();
        for (alias, meaning) in &ALIASES {
            assert!(form.get(alias).is_none(), "{alias} is a name of our own");
            if let Same(own) = meaning {
                assert!(form.get(own).is_some(), "{alias} -> {own}");
            }
        }
    }
}
