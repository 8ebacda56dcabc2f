//! The formats of vendors' keys, by what the vendors do: data, judged by [`Format::find`].

mod ai;
mod cloud;
mod code;
mod message;
mod observe;
mod payment;
mod saas;

use super::secret;
use super::token::Format;
use crate::recognise::{Find, RecogniserInfo};

const fn keys(name: &'static str, finds: &'static str, formats: &'static [Format]) -> RecogniserInfo {
    const VALIDATION: &str =
        "the vendor's prefix, alphabet and length; characters that look random; no placeholder";
    secret(name, finds, VALIDATION, Find::Tokens(formats))
}

pub(super) const AI: RecogniserInfo = keys("ai_service_key", ai::FINDS, ai::FORMATS);
pub(super) const CLOUD: RecogniserInfo = keys("cloud_key", cloud::FINDS, cloud::FORMATS);
pub(super) const CODE: RecogniserInfo = keys("developer_tool_key", code::FINDS, code::FORMATS);
pub(super) const MESSAGE: RecogniserInfo = keys("messaging_key", message::FINDS, message::FORMATS);
pub(super) const OBSERVE: RecogniserInfo = keys("monitoring_key", observe::FINDS, observe::FORMATS);
pub(super) const PAYMENT: RecogniserInfo = keys("payment_key", payment::FINDS, payment::FORMATS);
pub(super) const SAAS: RecogniserInfo = keys("saas_key", saas::FINDS, saas::FORMATS);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rows_name_every_vendor_of_their_formats() {
        let rows = [AI, CLOUD, CODE, MESSAGE, OBSERVE, PAYMENT, SAAS];
        let mut formats = 0;
        for row in &rows {
            let Find::Tokens(table) = row.find else { panic!("{} has no table", row.name) };
            for format in table {
                assert!(row.finds.contains(format.vendor), "{} is not in {}", format.vendor, row.name);
            }
            formats += table.iter().map(|format| format.prefixes.len()).sum::<usize>();
        }
        assert!(formats >= 300, "{formats}");
    }
}
