//! Words that several dialects share.

use crate::canonical::{CacheHint, Effort, Media, MediaSource};
use crate::json::Json;
use std::borrow::Cow;

/// OpenAI's and Anthropic's words for how hard a model thinks.
pub(crate) fn effort(word: &str) -> Option<Effort> {
    Some(match word {
        "none" => Effort::None,
        "minimal" => Effort::Minimal,
        "low" => Effort::Low,
        "medium" => Effort::Medium,
        "high" => Effort::High,
        "xhigh" => Effort::ExtraHigh,
        "max" => Effort::Max,
        _ => return None,
    })
}

/// OpenAI's word, the nearest one where it has none.
pub(crate) const fn openai_effort(effort: Effort) -> &'static str {
    match effort {
        Effort::None => "none",
        Effort::Minimal => "minimal",
        Effort::Low => "low",
        Effort::Medium => "medium",
        Effort::High => "high",
        Effort::ExtraHigh | Effort::Max => "xhigh",
    }
}

/// What a number of tokens of thinking comes to as an effort.
///
/// The bounds are those that gateways and SDKs convert with: 1024, 4096 and 16384 tokens for `low`,
/// `medium` and `high`, each taken up to the middle of the next.
pub(crate) const fn effort_of_budget(tokens: u64) -> Effort {
    match tokens {
        0 => Effort::None,
        1..=2_047 => Effort::Low,
        2_048..=8_191 => Effort::Medium,
        8_192..=32_767 => Effort::High,
        _ => Effort::ExtraHigh,
    }
}

/// What an effort comes to as a number of tokens of thinking. Anthropic's least is 1024.
pub(crate) const fn budget_of_effort(effort: Effort) -> u64 {
    match effort {
        Effort::None => 0,
        Effort::Minimal | Effort::Low => 1_024,
        Effort::Medium => 4_096,
        Effort::High => 16_384,
        Effort::ExtraHigh | Effort::Max => 32_768,
    }
}

/// Bytes from a `data:` URL, if it is one in base64.
///
/// Source: RFC 2397.
pub(crate) fn media_of_data_url(url: &str) -> Option<Media<'_>> {
    let (scheme, rest) = url.split_at_checked("data:".len())?;
    let (head, data) = rest.split_once(',').filter(|_| scheme.eq_ignore_ascii_case("data:"))?;
    let (media_type, parameters) = head.split_once(';')?;
    let is_base64 = parameters.rsplit(';').next()?.trim().eq_ignore_ascii_case("base64");
    is_base64.then(|| Media {
        media_type: Some(Cow::Borrowed(media_type)).filter(|text| !text.is_empty()),
        source: MediaSource::Base64(Cow::Borrowed(data)),
    })
}

/// Bytes as a `data:` URL; without a type, which such a URL must have, as `fallback`.
pub(crate) fn data_url(media: &Media<'_>, fallback: &str) -> String {
    let media_type = media.media_type.as_deref().unwrap_or(fallback);
    match &media.source {
        MediaSource::Base64(data) => format!("data:{media_type};base64,{data}"),
        MediaSource::Text(text) => {
            use base64::Engine as _;
            let data = base64::engine::general_purpose::STANDARD.encode(text.as_bytes());
            format!("data:{media_type};base64,{data}")
        }
    }
}

/// Anthropic's `cache_control`, which others have taken over.
pub(crate) fn cache_hint<'r>(value: Option<&'r Json<'static>>) -> Option<CacheHint<'r>> {
    let lifetime = value?.as_object()?.get("ttl").and_then(Json::as_str).map(Cow::Borrowed);
    Some(CacheHint { lifetime })
}

/// The type of an image by its first bytes, as base64 shows them.
///
/// Sources: ISO 15948 (PNG), ISO 10918-5 (JFIF), the GIF89a specification, RFC 9649 (WebP, in a RIFF file).
pub(crate) fn image_type_of_base64(data: &str) -> Option<&'static str> {
    const BEGINNINGS: [(&str, &str); 4] = [
        ("iVBORw0KGgo", "image/png"),
        ("/9j/", "image/jpeg"),
        ("R0lGOD", "image/gif"),
        ("UklGR", "image/webp"),
    ];
    BEGINNINGS.iter().find(|(beginning, _)| data.starts_with(beginning)).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_urls_are_read_and_written() {
        let media = media_of_data_url("DATA:image/png;base64,AAAA").unwrap();
        assert_eq!(media.media_type.as_deref(), Some("image/png"));
        assert_eq!(data_url(&media, "x/y"), "data:image/png;base64,AAAA");
        for other in ["https://e.example/a.png", "data:text/plain,hi", "data:", "dät"] {
            assert!(media_of_data_url(other).is_none(), "{other}");
        }
    }

    #[test]
    fn efforts_and_budgets_convert_there_and_back() {
        for effort in [Effort::None, Effort::Low, Effort::Medium, Effort::High, Effort::ExtraHigh] {
            assert_eq!(effort_of_budget(budget_of_effort(effort)), effort);
        }
    }
}
