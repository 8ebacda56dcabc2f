//! Keys, tokens and other credentials.

mod keyed;
mod private_key;
pub(super) mod token;

use super::RecogniserInfo;

pub(super) const ROWS: &[RecogniserInfo] = &[
    private_key::PEM,
    private_key::PUTTY,
    token::ANTHROPIC,
    token::OPENAI,
    token::WEIR,
    token::AWS_ACCESS_KEY,
    keyed::AWS_SECRET_KEY,
    token::GITHUB,
    token::GITHUB_FINE_GRAINED,
    token::GITLAB,
    token::GOOGLE,
    token::GOOGLE_OAUTH_SECRET,
    token::GOOGLE_ACCESS_TOKEN,
    token::SLACK,
    keyed::SLACK_WEBHOOK,
    token::STRIPE,
    token::TWILIO,
    token::SENDGRID,
    token::MAILGUN,
    token::NPM,
    token::PYPI,
    token::HUGGING_FACE,
    keyed::AZURE_KEY,
    keyed::JWT,
    keyed::TELEGRAM_BOT,
    keyed::DISCORD_BOT,
    token::SHOPIFY,
    token::DIGITALOCEAN,
    token::DATABRICKS,
    token::GROQ,
    token::XAI,
    token::VAULT,
    token::GRAFANA,
    token::AGE,
];
