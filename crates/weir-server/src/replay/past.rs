//! What a record says, read without copies.

use crate::pipeline::record::{DEGRADE, EXPECTED_OUTPUT, FIRST, OVERFLOW, QUALITY, WISH};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use weir_label::{Label, Level, ZoneKind};
use weir_policy::{
    Alias, CallerFacts, CapacityFacts, Catalogue, CostFacts, DataFacts, DenialCode, Expected, Facts,
    LatencyClass, LatencyFacts, Load, Modality, RequestFacts, ResponseFormat, RouteWish, TargetId, TaskFacts,
    TaskType, Tier, TimeFacts, Unfit, Word, Words,
};

/// A decision, as far as it is decided again.
#[derive(Debug, Deserialize)]
pub(super) struct Past<'r> {
    pub request_id: &'r str,
    pub attempt: u32,
    #[serde(borrow, default)]
    pub tenant: Option<Cow<'r, str>>,
    #[serde(default)]
    key_id: Option<&'r str>,
    api: &'r str,
    stream: bool,
    level: &'r str,
    #[serde(borrow, default)]
    categories: Vec<&'r str>,
    #[serde(borrow, default)]
    jurisdictions: Vec<&'r str>,
    #[serde(default)]
    opaque: Vec<IgnoredAny>,
    #[serde(borrow, default)]
    findings: Vec<Finding<'r>>,
    scan_complete: bool,
    #[serde(default)]
    pub est_tokens_in: Option<u64>,
    #[serde(borrow, default)]
    pub facts: PastFacts<'r>,
    #[serde(borrow, default)]
    pub rule: Option<Cow<'r, str>>,
    pub action: &'r str,
    pub reason: &'r str,
    #[serde(borrow, default)]
    candidates: Vec<Candidate<'r>>,
    #[serde(default)]
    pub target: Option<&'r str>,
    #[serde(default)]
    zone: Option<&'r str>,
    #[serde(borrow, default)]
    cut: BTreeMap<&'r str, IgnoredAny>,
}

#[derive(Debug, Deserialize)]
struct Finding<'r> {
    #[serde(rename = "type")]
    entity: &'r str,
    count: u64,
}

#[derive(Debug, Deserialize)]
struct Candidate<'r> {
    target: &'r str,
    zone: &'r str,
    verdict: &'r str,
}

/// A decision that is not decided again.
#[derive(Debug, Deserialize)]
pub(super) struct Begun<'r> {
    pub request_id: &'r str,
    pub attempt: u32,
}

/// An outcome, as far as it is needed.
#[derive(Debug, Default, Deserialize)]
pub(super) struct End<'r> {
    pub request_id: &'r str,
    #[serde(default)]
    pub tokens_in: Option<u64>,
    #[serde(default)]
    pub tokens_out: Option<u64>,
    #[serde(default)]
    pub total_us: Option<u64>,
    #[serde(default)]
    pub queue_us: Option<u64>,
}

/// The `facts` of a record.
#[derive(Debug, Default)]
pub(super) struct PastFacts<'r> {
    pub alias: Option<&'r str>,
    name: Option<Cow<'r, str>>,
    team: Option<Cow<'r, str>>,
    app: Option<Cow<'r, str>>,
    environment: Option<Cow<'r, str>>,
    language: Option<Cow<'r, str>>,
    reasoning_effort: Option<Cow<'r, str>>,
    quality: BTreeMap<String, Option<u64>>,
    scopes: Option<BTreeSet<String>>,
    wish: Option<RouteWish>,
    tools: bool,
    opaque: bool,
    modalities: Option<Words<Modality>>,
    images: bool,
    response_format: ResponseFormat,
    max_output_tokens: Option<u64>,
    class: LatencyClass,
    latency: (Option<u64>, Option<u64>),
    task: TaskFacts,
    budget_left: Option<u64>,
    expected_output: Option<u64>,
    local: Load,
    cloud: Load,
    named: BTreeMap<Arc<str>, Load>,
}

/// What facts borrow from beside the record.
pub(super) struct Held {
    label: Label,
    entities: BTreeMap<String, u32>,
    cost: CostFacts,
    time: TimeFacts,
    unfit: BTreeMap<TargetId, Unfit>,
    quality: BTreeMap<TargetId, u64>,
}

impl<'r> Past<'r> {
    /// Whether lists of it that facts are made of were cut.
    pub fn is_cut(&self) -> bool {
        ["categories", "jurisdictions", "findings"].iter().any(|list| self.cut.contains_key(list))
    }

    /// The targets of its plan, in its order, with the parts that they have in it.
    pub fn planned(&self) -> impl Iterator<Item = (&'r str, &'r str)> {
        let planned = self.candidates.iter();
        planned.filter(|c| [FIRST, OVERFLOW, DEGRADE].contains(&c.verdict)).map(|c| (c.target, c.verdict))
    }

    /// The target that its plan begins with.
    pub fn first_planned(&self) -> Option<(&'r str, ZoneKind)> {
        let first = self.candidates.iter().find(|candidate| candidate.verdict == FIRST)?;
        Some((first.target, zone_of(first.zone)?))
    }

    /// Whether the policy refused it.
    pub fn is_denied(&self) -> bool {
        self.action == "deny" && DenialCode::ALL.iter().any(|code| code.as_str() == self.reason)
    }

    pub fn zone(&self) -> Option<ZoneKind> {
        self.zone.and_then(zone_of)
    }

    /// Who asked, for people: the application, the key's name, its id.
    pub fn app(&self) -> &str {
        let named = self.facts.app.as_deref().or(self.facts.name.as_deref()).or(self.key_id);
        named.unwrap_or("(without a key)")
    }

    /// Makes what the facts borrow from. What follows from other facts is found as live traffic finds it, under the
    /// configuration of today.
    pub fn hold(&self, catalogue: &Catalogue, alias: &Alias, time: TimeFacts) -> Held {
        let tokens = self.est_tokens_in.unwrap_or(0);
        let entity =
            |found: &Finding<'_>| (found.entity.to_owned(), u32::try_from(found.count).unwrap_or(u32::MAX));
        let expected = Expected {
            prompt_tokens: tokens,
            max_output_tokens: self.facts.max_output_tokens,
            output_tokens: self.facts.expected_output,
            day: time.day,
            tier: Tier::Usual,
        };
        let cost = CostFacts::estimate(catalogue, alias, expected);
        Held {
            label: self.label(),
            entities: self.findings.iter().map(entity).collect(),
            cost: CostFacts { budget_left_micro_usd: self.facts.budget_left, ..cost },
            time,
            unfit: self.unfit(catalogue),
            quality: self.quality(catalogue),
        }
    }

    /// The targets that could not serve it then, as far as they still are targets.
    fn unfit(&self, catalogue: &Catalogue) -> BTreeMap<TargetId, Unfit> {
        let known = |candidate: &Candidate<'_>| {
            Some((catalogue.target_named(candidate.target)?, Unfit::of_code(candidate.verdict)?))
        };
        self.candidates.iter().filter_map(known).collect()
    }

    /// How good targets were by what was measured then, as far as they still are targets.
    fn quality(&self, catalogue: &Catalogue) -> BTreeMap<TargetId, u64> {
        let measured = self.facts.quality.iter();
        measured.filter_map(|(name, figure)| Some((catalogue.target_named(name)?, (*figure)?))).collect()
    }

    /// A word that this version does not know counts as the most sensitive.
    fn label(&self) -> Label {
        let mut label = Label::at(self.level.parse().unwrap_or(Level::Restricted));
        for category in self.categories.iter().filter_map(|category| category.parse().ok()) {
            label = label.with_category(category);
        }
        for jurisdiction in self.jurisdictions.iter().filter_map(|place| place.parse().ok()) {
            label = label.with_jurisdiction(jurisdiction);
        }
        let is_opaque = self.facts.opaque || !self.opaque.is_empty() || !self.scan_complete;
        if is_opaque { label.with_opaque() } else { label }
    }

    /// The facts.
    pub fn facts<'a>(&'a self, held: &'a Held) -> Facts<'a> {
        let facts = &self.facts;
        let text = |name: &'a Option<Cow<'r, str>>| name.as_deref();
        let (target_ms, deadline_ms) = facts.latency;
        Facts {
            caller: CallerFacts {
                key: self.key_id,
                name: text(&facts.name),
                tenant: self.tenant.as_deref(),
                team: text(&facts.team),
                app: text(&facts.app),
                environment: text(&facts.environment),
                scopes: facts.scopes.as_ref(),
            },
            request: RequestFacts {
                endpoint: self.api,
                alias: facts.alias.unwrap_or_default(),
                stream: self.stream,
                tools: facts.tools,
                modalities: facts.modalities(),
                response_format: facts.response_format,
                language: text(&facts.language),
                reasoning_effort: text(&facts.reasoning_effort),
                prompt_tokens: self.est_tokens_in.unwrap_or(0),
                max_output_tokens: facts.max_output_tokens,
            },
            data: DataFacts { label: &held.label, entities: &held.entities },
            task: facts.task,
            latency: LatencyFacts { class: facts.class, target_ms, deadline_ms },
            cost: held.cost,
            capacity: CapacityFacts { local: facts.local, cloud: facts.cloud, named: &facts.named },
            time: held.time,
            wish: facts.wish,
            unfit: &held.unfit,
            quality: &held.quality,
        }
    }
}

fn zone_of(word: &str) -> Option<ZoneKind> {
    [ZoneKind::Local, ZoneKind::Cloud].into_iter().find(|zone| zone.as_str() == word)
}

impl PastFacts<'_> {
    fn modalities(&self) -> Words<Modality> {
        let image = self.images.then_some(Modality::Image);
        self.modalities.unwrap_or_else(|| image.into_iter().chain([Modality::Text]).collect())
    }

    /// The place of a fact that is a number; `None` for a name that is of none.
    fn number(&mut self, name: &str) -> Option<&mut Option<u64>> {
        Some(match name {
            "request.max_output_tokens" => &mut self.max_output_tokens,
            "task.complexity" => &mut self.task.complexity_millionths,
            "task.complexity_rank" => &mut self.task.complexity_rank_millionths,
            "task.confidence" => &mut self.task.confidence_millionths,
            "task.margin" => &mut self.task.margin_millionths,
            "task.weak_fail" => &mut self.task.weak_fail_millionths,
            "latency.target" => &mut self.latency.0,
            "latency.deadline" => &mut self.latency.1,
            "cost.budget_left" => &mut self.budget_left,
            EXPECTED_OUTPUT => &mut self.expected_output,
            other => match other.strip_prefix(QUALITY) {
                Some(target) => self.quality.entry(target.to_owned()).or_default(),
                None => return self.load(other),
            },
        })
    }

    fn load(&mut self, name: &str) -> Option<&mut Option<u64>> {
        let (pool, measure) = name.strip_prefix("capacity.")?.rsplit_once('.')?;
        let load = match pool {
            "local" => &mut self.local,
            "cloud" => &mut self.cloud,
            named => self.named.entry(named.into()).or_default(),
        };
        match measure {
            "utilisation" => Some(&mut load.utilisation_millionths),
            "queue" => Some(&mut load.queue),
            "ttft" => Some(&mut load.ttft_ms),
            _ => None,
        }
    }
}

impl<'de: 'r, 'r> Deserialize<'de> for PastFacts<'r> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ByName<'r>(std::marker::PhantomData<&'r ()>);

        impl<'de: 'r, 'r> Visitor<'de> for ByName<'r> {
            type Value = PastFacts<'r>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of facts")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut facts = PastFacts::default();
                while let Some(name) = map.next_key::<&'de str>()? {
                    match name {
                        "request.alias" => facts.alias = Some(map.next_value()?),
                        "caller.name" => facts.name = text(&mut map)?,
                        "caller.team" => facts.team = text(&mut map)?,
                        "caller.app" => facts.app = text(&mut map)?,
                        "caller.environment" => facts.environment = text(&mut map)?,
                        "request.language" => facts.language = text(&mut map)?,
                        "request.reasoning_effort" => facts.reasoning_effort = text(&mut map)?,
                        "caller.scopes" => facts.scopes = Some(map.next_value()?),
                        WISH => facts.wish = map.next_value::<&str>()?.parse().ok(),
                        "request.tools" => facts.tools = map.next_value()?,
                        "request.images" => facts.images = map.next_value()?,
                        "data.opaque" => facts.opaque = map.next_value()?,
                        "task.unsure" => facts.task.unsure = Some(map.next_value()?),
                        "task.type" => facts.task.kind = TaskType::of_word(map.next_value()?),
                        "latency.class" => {
                            facts.class = LatencyClass::of_word(map.next_value()?).unwrap_or_default();
                        }
                        "request.response_format" => {
                            let format = ResponseFormat::of_word(map.next_value()?);
                            facts.response_format = format.unwrap_or_default();
                        }
                        "request.modality" => {
                            let kinds: Vec<&str> = map.next_value()?;
                            let kinds = kinds.into_iter().filter_map(Modality::of_word);
                            facts.modalities = Some(kinds.collect());
                        }
                        other => match facts.number(other) {
                            Some(number) => *number = Some(map.next_value()?),
                            None => drop(map.next_value::<IgnoredAny>()?),
                        },
                    }
                }
                Ok(facts)
            }
        }

        deserializer.deserialize_map(ByName(std::marker::PhantomData))
    }
}

/// A name; the operator's may hold what JSON escapes.
fn text<'de: 'r, 'r, A: MapAccess<'de>>(map: &mut A) -> Result<Option<Cow<'r, str>>, A::Error> {
    #[derive(Deserialize)]
    #[serde(transparent)]
    struct Text<'t>(#[serde(borrow)] Cow<'t, str>);
    let Text(text) = map.next_value::<Text<'de>>()?;
    Ok(Some(text))
}
