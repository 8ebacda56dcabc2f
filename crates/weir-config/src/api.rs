use crate::word::unknown;
use crate::yaml::{Scalar, Wrong};
use schemars::{Schema, json_schema};
use weir_wire::dialect::BackendDialect;
use weir_wire::dialect::backend::products::{PRODUCTS, Product, Quirks};

/// What a backend speaks, as the configuration names it: an API, or a product that speaks chat completions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackendApi {
    /// The name.
    pub name: &'static str,
    /// The dialect.
    pub dialect: BackendDialect,
    /// The product, where it is one that is known.
    pub product: Option<&'static Product>,
}

const TABLE: &[Product] = &PRODUCTS;
const PRODUCTS_COUNT: usize = TABLE.len();

impl BackendApi {
    /// Chat completions as nearly every server speaks them: what a backend speaks that says nothing else.
    pub const COMPATIBLE: Self =
        Self { name: "openai-compatible", dialect: BackendDialect::ChatCompletions, product: None };

    /// Those that are no product.
    const DIALECTS: [Self; 5] = [
        Self { name: "anthropic", dialect: BackendDialect::Messages, product: None },
        Self { name: "gemini", dialect: BackendDialect::Gemini, product: None },
        Self { name: "bedrock", dialect: BackendDialect::Converse, product: None },
        Self { name: "ollama", dialect: BackendDialect::Ollama, product: None },
        Self { name: "cohere", dialect: BackendDialect::Cohere, product: None },
    ];

    /// Every one.
    #[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, which would say so")]
    pub const ALL: [Self; PRODUCTS_COUNT + 5] = {
        let mut all = [Self::COMPATIBLE; PRODUCTS_COUNT + 5];
        let mut at = 0;
        while at < PRODUCTS_COUNT {
            let product = &TABLE[at];
            let dialect = BackendDialect::ChatCompletions;
            all[at] = Self { name: product.name, dialect, product: Some(product) };
            at += 1;
        }
        while at < all.len() {
            all[at] = Self::DIALECTS[at - PRODUCTS_COUNT];
            at += 1;
        }
        all
    };

    /// How its requests differ from those of its dialect, if they do.
    #[must_use]
    pub fn quirks(&self) -> Option<&'static Quirks> {
        self.product.map(|product| &product.quirks).filter(|quirks| !quirks.is_plain())
    }

    /// Whether a request's `service_tier` is told to it.
    #[must_use]
    pub fn takes_tiers(&self) -> bool {
        let is_unknown = |product: &Product| product.quirks.unknown.contains(&"service_tier");
        match self.dialect {
            BackendDialect::ChatCompletions => !self.product.is_some_and(is_unknown),
            BackendDialect::Converse => true,
            BackendDialect::Messages
            | BackendDialect::Gemini
            | BackendDialect::Ollama
            | BackendDialect::Cohere => false,
        }
    }
}

impl Scalar for BackendApi {
    fn parse(text: &str) -> Result<Self, Wrong> {
        let names: Vec<&str> = Self::ALL.iter().map(|api| api.name).collect();
        Self::ALL.into_iter().find(|api| api.name == text).ok_or_else(|| unknown(text, &names))
    }

    fn schema() -> Schema {
        let names: Vec<&str> = Self::ALL.iter().map(|api| api.name).collect();
        json_schema!({ "type": "string", "enum": names })
    }
}
