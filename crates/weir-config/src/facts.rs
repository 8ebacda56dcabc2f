//! The facts that a condition can name, for people and editors.

use schemars::{Schema, json_schema};
use weir_label::Level;
use weir_policy::{
    Fact, Flag, LatencyClass, Measure, Modality, NameFact, NumberFact, ResponseFormat, TaskType, Unit,
    Weekday, Word,
};

/// What an editor shows of a fact.
pub fn description(fact: &Fact) -> String {
    match fact {
        Fact::Level => "The level of the request's data, such as `\">= confidential\"` or `internal..confidential`. Of data that could not be inspected it is `restricted`.".into(),
        Fact::Categories => "The data holds one of these categories, such as `personal`.".into(),
        Fact::Entities => "One of these entity types was found, such as `CREDIT_CARD`; `US_*` means all that begin so, `\"CREDIT_CARD >= 10\"` that one was found so often.".into(),
        Fact::Jurisdictions => "The data is bound to one of these jurisdictions, such as `EU`.".into(),
        Fact::LatencyClass => "`interactive`: somebody waits for the answer. `batch`: nobody does.".into(),
        Fact::Task => "What the request asks for, such as `[code_generate, code_explain]` or `code_*`. Unknown of a request without text.".into(),
        Fact::ResponseFormat => "The form that the answer must have: `text`, `json_object` or `json_schema`.".into(),
        Fact::Modalities => "The request holds content of one of these kinds: `text`, `image`, `audio`, `video`, `file`.".into(),
        Fact::Weekday => "The day in the policy's `time_zone`, such as `mon..fri` or `[sat, sun]`.".into(),
        Fact::Scopes => "The caller was granted one of these scopes; `batch-*` means all that begin so. Unknown without a key that says so.".into(),
        Fact::Flag(flag) => self::flag(*flag).into(),
        Fact::Name(name) => self::name(*name).into(),
        Fact::Number(number) => self::number(number),
    }
}

fn flag(flag: Flag) -> &'static str {
    match flag {
        Flag::Opaque => "Part of the request could not be inspected.",
        Flag::Stream => "The answer is to be streamed.",
        Flag::Tools => "Tools are offered to the model.",
        Flag::Images => "Images are attached.",
        Flag::Unsure => {
            "The task type is uncertain: another is about as likely. Unknown of a request without text."
        }
    }
}

fn name(name: NameFact) -> &'static str {
    match name {
        NameFact::CallerKey => "The id of the caller's key; `abc*` means all that begin so.",
        NameFact::CallerName => "The name of the caller's key; `hr-*` means all that begin so.",
        NameFact::CallerTenant => "The caller's tenant; `eu-*` means all that begin so.",
        NameFact::CallerTeam => "The caller's team; `hr-*` means all that begin so.",
        NameFact::CallerApp => "The calling application; `chat-*` means all that begin so.",
        NameFact::CallerEnvironment => "The environment of the caller's key, such as `production`.",
        NameFact::RequestAlias => {
            "The model name that the application asked for; `code-*` means all that begin so."
        }
        NameFact::RequestEndpoint => "The API endpoint, such as `chat.completions`.",
        NameFact::RequestLanguage => {
            "The language that the request is mostly written in, such as `de`. Unknown of a request without text, or in a language that is not recognised."
        }
        NameFact::RequestReasoningEffort => {
            "How hard the caller wants the model to think: `none`, `minimal`, `low`, `medium`, `high`, `xhigh` or `max`. \
             Unknown if the request does not say."
        }
    }
}

fn number(number: &NumberFact) -> String {
    let text = match number {
        NumberFact::PromptTokens => "Tokens of the prompt, estimated, such as `\"< 4000\"` or `1000..4000`.",
        NumberFact::MaxOutputTokens => {
            "The most tokens that the caller wants back. Unknown if it set no limit."
        }
        NumberFact::Complexity => {
            "How hard the task is, from 0 to 1, such as `\"> 0.7\"`; or by rank among this deployment's requests: `top 15 %`, `bottom 50 %`. Unknown of a request without text."
        }
        NumberFact::ComplexityRank => {
            "The share of this deployment's requests that are less complex, from 0 to 1; `task.complexity: top 15 %` is the same as `\">= 0.85\"` here."
        }
        NumberFact::WeakFail => {
            "The probability that a weak model fails, from 0 to 1, from how the prompt is built. Unknown of a request without text."
        }
        NumberFact::Confidence => {
            "How sure the task type is, from 0 to 1. Unknown of a request without text."
        }
        NumberFact::Margin => {
            "How much likelier the task type is than the next best, from 0 to 1. Unknown of a request without text."
        }
        NumberFact::LatencyTarget => {
            "When the caller wants the first token, such as `\"<= 2s\"`. Unknown if it does not say."
        }
        NumberFact::LatencyDeadline => {
            "When the answer is of no use to the caller any more, such as `\"<= 30s\"`. Unknown if it does not say."
        }
        NumberFact::CostLocal => {
            "What the request would cost at the cheapest local target, in USD, estimated, such as `\"> 0.01\"`. Unknown without a price."
        }
        NumberFact::CostCloud => {
            "What the request would cost at the cheapest cloud target, in USD, estimated, such as `\"> 0.05\"`. Unknown without a price."
        }
        NumberFact::BudgetLeft => "What is left of the caller's budget, in USD. Unknown without a budget.",
        NumberFact::Hour => {
            "The hour, 0 to 23, in the policy's `time_zone`: `8..17` is from 8:00 to 17:59, `22..5` the night."
        }
        NumberFact::Load(pool, measure) => return load(pool.as_str(), *measure),
    };
    text.to_owned()
}

fn load(pool: &str, measure: Measure) -> String {
    match measure {
        Measure::Utilisation => {
            format!("The share of places on {pool} targets that are taken, such as `\">= 80 %\"`.")
        }
        Measure::Queue => format!("Requests that wait for a place on {pool} targets, such as `\"> 0\"`."),
        Measure::TimeToFirstToken => format!(
            "The time to the first token that is expected on {pool} targets, such as `\"> 2s\"`. Unknown until measured."
        ),
    }
}

/// What an editor shows of `capacity.POOL`.
pub fn pool_description(pool: &str) -> String {
    format!(
        "How full the alias's {pool} targets are. `idle`: nobody waits and at most half the places are taken. `full`: no place is free. `busy`: neither."
    )
}

/// What one value of a fact may be.
pub fn scalar_schema(fact: &Fact) -> Schema {
    match fact {
        Fact::Level => {
            let levels = Level::ALL.map(Level::as_str).join("|");
            json_schema!({
                "type": "string",
                "pattern": format!("^(((<|<=|=|>=|>) ?)?({levels})|({levels})\\.\\.({levels}))$"),
            })
        }
        Fact::LatencyClass => words::<LatencyClass>(),
        Fact::Task => with_prefixes::<TaskType>(),
        Fact::ResponseFormat => with_prefixes::<ResponseFormat>(),
        Fact::Modalities => words::<Modality>(),
        Fact::Weekday => {
            let days = Weekday::ALL.iter().map(|day| day.as_str()).collect::<Vec<_>>().join("|");
            json_schema!({ "type": "string", "pattern": format!("^({days})(\\.\\.({days}))?$") })
        }
        Fact::Flag(_) => json_schema!({ "type": "boolean" }),
        Fact::Number(number) => number_schema(number),
        Fact::Categories | Fact::Entities | Fact::Jurisdictions | Fact::Scopes | Fact::Name(_) => {
            json_schema!({ "type": "string", "minLength": 1 })
        }
    }
}

fn words<T: Word>() -> Schema {
    let words: Vec<&str> = T::ALL.iter().map(|word| word.word()).collect();
    json_schema!({ "type": "string", "enum": words })
}

fn with_prefixes<T: Word>() -> Schema {
    let words: Vec<&str> = T::ALL.iter().map(|word| word.word()).collect();
    json_schema!({ "anyOf": [{ "type": "string", "enum": words }, { "type": "string", "pattern": "^[a-z_]+\\*$" }] })
}

fn number_schema(number: &NumberFact) -> Schema {
    let one = match number.unit() {
        Unit::Tokens | Unit::Requests | Unit::Hours => "[0-9]+",
        Unit::Millionths => "([0-9]+(\\.[0-9]+)?( ?%)?)",
        Unit::Milliseconds => "[0-9]+(ms|s|m|h)",
        Unit::MicroUsd => "[0-9]+(\\.[0-9]+)?( USD)?",
    };
    let rank = if *number == NumberFact::Complexity { "|(top|bottom) [0-9]+(\\.[0-9]+)? ?%" } else { "" };
    let pattern = format!("^(((<|<=|=|>=|>) ?)?{one}|{one}\\.\\.{one}{rank})$");
    json_schema!({ "type": ["number", "string"], "pattern": pattern })
}
