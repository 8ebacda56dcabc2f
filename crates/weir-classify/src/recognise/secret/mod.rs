//! Keys, tokens and other credentials.

mod command;
mod hash;
mod http;
mod key_in_prose;
mod keyed;
mod kubernetes;
mod named;
pub(crate) mod phrase;
mod placeholder;
mod private_key;
mod prose;
mod random;
pub(super) mod token;
mod url;
mod vendors;

use super::{Find, RecogniserInfo};
use crate::EntityType;
use weir_label::Category;

const fn secret(
    name: &'static str,
    finds: &'static str,
    validation: &'static str,
    find: Find,
) -> RecogniserInfo {
    RecogniserInfo {
        name,
        entity: EntityType::SECRET,
        category: Category::Credentials,
        finds,
        validation,
        find,
    }
}

pub(super) const ROWS: &[RecogniserInfo] = &[
    private_key::PEM,
    private_key::PUTTY,
    private_key::DER,
    private_key::JWK,
    vendors::AI,
    vendors::CLOUD,
    vendors::CODE,
    vendors::MESSAGE,
    vendors::OBSERVE,
    vendors::PAYMENT,
    vendors::SAAS,
    keyed::AWS_SECRET_KEY,
    keyed::AZURE_KEY,
    keyed::JWT,
    keyed::TELEGRAM_BOT,
    keyed::DISCORD_BOT,
    keyed::AZURE_CLIENT_SECRET,
    keyed::STAMPED,
    keyed::BITLOCKER,
    keyed::MARKED,
    keyed::FACEBOOK_APP,
    keyed::BUNDLER,
    url::PASSWORD,
    url::FIELD,
    url::SIGNATURE,
    url::WEBHOOK,
    http::CURL_USER,
    command::COMMAND,
    command::CALL,
    http::BEARER,
    http::COOKIE,
    hash::PASSWORD_HASH,
    kubernetes::SECRET,
    phrase::SEED_PHRASE,
    phrase::CHECKED_PHRASE,
    phrase::LINE_PHRASE,
    phrase::COLON_PHRASE,
    prose::PASSWORD,
    prose::CODE,
    key_in_prose::KEY,
    named::CREDENTIAL,
    named::VENDOR,
];
