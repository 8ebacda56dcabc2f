use crate::{
    CallerFacts, CapacityFacts, CostFacts, DataFacts, Fact, FactValue, Facts, Flag, LatencyFacts, Load,
    Measure, Modality, NameFact, NumberFact, Pool, RequestFacts, ResponseFormat, RouteWish, TargetId,
    TaskFacts, TimeFacts, Unfit, Words,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use weir_label::{Category, Jurisdiction, Label, Level, ZoneKind};

/// [`Facts`] that hold their own values: for examples, tests, replay, and to ask what another value
/// would change.
///
/// The default is a text request to `chat.completions` for no alias, with public data, of which nothing
/// else is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedFacts {
    names: BTreeMap<NameFact, Arc<str>>,
    scopes: Option<BTreeSet<String>>,
    stream: bool,
    tools: bool,
    modalities: Words<Modality>,
    response_format: ResponseFormat,
    prompt_tokens: u64,
    max_output_tokens: Option<u64>,
    data: Data,
    label: Label,
    entities: BTreeMap<String, u32>,
    task: TaskFacts,
    latency: LatencyFacts,
    cost: CostFacts,
    local: Load,
    cloud: Load,
    named: BTreeMap<Arc<str>, Load>,
    time: TimeFacts,
    /// Where the caller would like the request to run.
    pub wish: Option<RouteWish>,
    /// The targets that cannot serve such a request, and why.
    pub unfit: BTreeMap<TargetId, Unfit>,
    /// How good targets are, as far as it was measured.
    pub quality: BTreeMap<TargetId, u64>,
}

/// The parts of a label. A label only rises; what is asked here is what another one would do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Data {
    level: Level,
    categories: BTreeSet<Category>,
    jurisdictions: BTreeSet<Jurisdiction>,
    opaque: bool,
}

impl Data {
    fn of(label: &Label) -> Self {
        Self {
            level: label.level(),
            categories: label.categories().clone(),
            jurisdictions: label.jurisdictions().clone(),
            opaque: label.is_opaque(),
        }
    }

    fn label(&self) -> Label {
        let mut label = Label::at(self.level);
        for category in &self.categories {
            label = label.with_category(category.clone());
        }
        for jurisdiction in &self.jurisdictions {
            label = label.with_jurisdiction(jurisdiction.clone());
        }
        if self.opaque { label.with_opaque() } else { label }
    }
}

/// A value that a fact cannot have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{fact}` cannot be `{value}`")]
pub struct Unsettable {
    /// The fact's name.
    pub fact: String,
    /// The value.
    pub value: String,
}

impl Default for OwnedFacts {
    fn default() -> Self {
        let endpoint = (NameFact::RequestEndpoint, "chat.completions".into());
        Self {
            names: [endpoint].into(),
            scopes: None,
            stream: false,
            tools: false,
            modalities: [Modality::Text].into(),
            response_format: ResponseFormat::default(),
            prompt_tokens: 0,
            max_output_tokens: None,
            data: Data::default(),
            label: Label::default(),
            entities: BTreeMap::new(),
            task: TaskFacts::default(),
            latency: LatencyFacts::default(),
            cost: CostFacts::default(),
            local: Load::UNKNOWN,
            cloud: Load::UNKNOWN,
            named: BTreeMap::new(),
            time: TimeFacts::default(),
            wish: None,
            unfit: BTreeMap::new(),
            quality: BTreeMap::new(),
        }
    }
}

impl From<&Facts<'_>> for OwnedFacts {
    fn from(facts: &Facts<'_>) -> Self {
        // No `..`: a new fact is a compile error here.
        let Facts { caller, request, data, task, latency, cost, capacity, time, wish, unfit, quality } =
            *facts;
        let known = NameFact::ALL.into_iter().filter_map(|name| Some((name, name.of(facts)?.into())));
        Self {
            names: known.collect(),
            scopes: caller.scopes.cloned(),
            stream: request.stream,
            tools: request.tools,
            modalities: request.modalities,
            response_format: request.response_format,
            prompt_tokens: request.prompt_tokens,
            max_output_tokens: request.max_output_tokens,
            data: Data::of(data.label),
            label: data.label.clone(),
            entities: data.entities.clone(),
            task,
            latency,
            cost,
            local: capacity.local,
            cloud: capacity.cloud,
            named: capacity.named.clone(),
            time,
            wish,
            unfit: unfit.clone(),
            quality: quality.clone(),
        }
    }
}

impl OwnedFacts {
    /// The facts, to be decided about.
    #[must_use]
    pub fn borrow(&self) -> Facts<'_> {
        let name = |fact| self.names.get(&fact).map(|name| &**name);
        Facts {
            caller: CallerFacts {
                key: name(NameFact::CallerKey),
                name: name(NameFact::CallerName),
                tenant: name(NameFact::CallerTenant),
                team: name(NameFact::CallerTeam),
                app: name(NameFact::CallerApp),
                environment: name(NameFact::CallerEnvironment),
                scopes: self.scopes.as_ref(),
            },
            request: RequestFacts {
                endpoint: name(NameFact::RequestEndpoint).unwrap_or_default(),
                alias: name(NameFact::RequestAlias).unwrap_or_default(),
                stream: self.stream,
                tools: self.tools,
                modalities: self.modalities,
                response_format: self.response_format,
                language: name(NameFact::RequestLanguage),
                reasoning_effort: name(NameFact::RequestReasoningEffort),
                prompt_tokens: self.prompt_tokens,
                max_output_tokens: self.max_output_tokens,
            },
            data: DataFacts { label: &self.label, entities: &self.entities },
            task: self.task,
            latency: self.latency,
            cost: self.cost,
            capacity: CapacityFacts { local: self.local, cloud: self.cloud, named: &self.named },
            time: self.time,
            wish: self.wish,
            unfit: &self.unfit,
            quality: &self.quality,
        }
    }

    /// What is known of one of them.
    #[must_use]
    pub fn get(&self, fact: &Fact) -> FactValue {
        fact.value(&self.borrow())
    }

    /// Gives one of them another value. Opaque data is `restricted` whatever its level is set to.
    ///
    /// # Errors
    /// [`Unsettable`] when the value is of another type, out of range, or unknown where the fact never is.
    pub fn set(&mut self, fact: &Fact, value: FactValue) -> Result<(), Unsettable> {
        let unsettable = Unsettable { fact: fact.name().into_owned(), value: fact.show(&value) };
        self.put(fact, value).ok_or(unsettable)
    }

    /// The same with one of them changed.
    ///
    /// # Errors
    /// As [`set`](Self::set).
    pub fn with(mut self, fact: &Fact, value: FactValue) -> Result<Self, Unsettable> {
        self.set(fact, value)?;
        Ok(self)
    }

    fn put(&mut self, fact: &Fact, value: FactValue) -> Option<()> {
        match (fact, value) {
            (Fact::Level, FactValue::Level(level)) => self.data.level = level,
            (Fact::Categories, FactValue::Categories(categories)) => self.data.categories = categories,
            (Fact::Jurisdictions, FactValue::Jurisdictions(places)) => self.data.jurisdictions = places,
            (Fact::Entities, FactValue::Entities(entities)) => self.entities = entities,
            (Fact::LatencyClass, FactValue::LatencyClass(class)) => self.latency.class = class,
            (Fact::Task, FactValue::Task(task)) => self.task.kind = Some(task),
            (Fact::Task, FactValue::Unknown) => self.task.kind = None,
            (Fact::ResponseFormat, FactValue::ResponseFormat(format)) => self.response_format = format,
            (Fact::Modalities, FactValue::Modalities(kinds)) => self.modalities = kinds,
            (Fact::Weekday, FactValue::Weekday(day)) => self.time.weekday = Some(day),
            (Fact::Weekday, FactValue::Unknown) => self.time.weekday = None,
            (Fact::Scopes, FactValue::Names(scopes)) => self.scopes = Some(scopes),
            (Fact::Scopes, FactValue::Unknown) => self.scopes = None,
            (Fact::Flag(flag), value) => self.put_flag(*flag, value)?,
            (Fact::Name(name), value) => self.put_name(*name, value)?,
            (Fact::Number(number), FactValue::Unknown) => self.put_number(number, None)?,
            (Fact::Number(number), FactValue::Number(value)) if value <= number.most() => {
                self.put_number(number, Some(value))?;
            }
            _ => return None,
        }
        self.label = self.data.label();
        Some(())
    }

    fn put_flag(&mut self, flag: Flag, value: FactValue) -> Option<()> {
        match (flag, value) {
            (Flag::Opaque, FactValue::Flag(is)) => self.data.opaque = is,
            (Flag::Stream, FactValue::Flag(is)) => self.stream = is,
            (Flag::Tools, FactValue::Flag(is)) => self.tools = is,
            (Flag::Images, FactValue::Flag(is)) => {
                let others = self.modalities.iter().filter(|kind| *kind != Modality::Image);
                self.modalities = others.chain(is.then_some(Modality::Image)).collect();
            }
            (Flag::Unsure, FactValue::Flag(is)) => self.task.unsure = Some(is),
            (Flag::Unsure, FactValue::Unknown) => self.task.unsure = None,
            _ => return None,
        }
        Some(())
    }

    fn put_name(&mut self, name: NameFact, value: FactValue) -> Option<()> {
        let always = matches!(name, NameFact::RequestAlias | NameFact::RequestEndpoint);
        if let FactValue::Name(value) = value {
            self.names.insert(name, value);
            return Some(());
        }
        let forget = value == FactValue::Unknown && !always;
        forget.then(|| self.names.remove(&name)).map(drop)
    }

    fn put_number(&mut self, number: &NumberFact, value: Option<u64>) -> Option<()> {
        match number {
            NumberFact::PromptTokens => self.prompt_tokens = value?,
            NumberFact::MaxOutputTokens => self.max_output_tokens = value,
            NumberFact::Complexity => self.task.complexity_millionths = value,
            NumberFact::ComplexityRank => self.task.complexity_rank_millionths = value,
            NumberFact::Confidence => self.task.confidence_millionths = value,
            NumberFact::Margin => self.task.margin_millionths = value,
            NumberFact::WeakFail => self.task.weak_fail_millionths = value,
            NumberFact::LatencyTarget => self.latency.target_ms = value,
            NumberFact::LatencyDeadline => self.latency.deadline_ms = value,
            NumberFact::CostLocal => self.cost.local_micro_usd = value,
            NumberFact::CostCloud => self.cost.cloud_micro_usd = value,
            NumberFact::BudgetLeft => self.cost.budget_left_micro_usd = value,
            NumberFact::Hour => self.time.hour = value.and_then(|hour| u8::try_from(hour).ok()),
            NumberFact::Load(pool, measure) => *self.measured(pool, *measure) = value,
        }
        Some(())
    }

    fn measured(&mut self, pool: &Pool, measure: Measure) -> &mut Option<u64> {
        let load = match pool {
            Pool::Zone(ZoneKind::Local) => &mut self.local,
            Pool::Zone(ZoneKind::Cloud) => &mut self.cloud,
            Pool::Named(name) => self.named.entry(name.clone()).or_default(),
        };
        match measure {
            Measure::Utilisation => &mut load.utilisation_millionths,
            Measure::Queue => &mut load.queue,
            Measure::TimeToFirstToken => &mut load.ttft_ms,
        }
    }
}
