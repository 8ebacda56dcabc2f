//! What inference servers tell of their load, in Prometheus' text format.
//!
//! Sources: the metrics pages of vLLM, SGLang, Text Generation Inference, TensorRT-LLM (`trtllm-serve`) and
//! llama.cpp (`--metrics`); for the first three see also the model server protocol of the Gateway API inference
//! extension.

use crate::json::{Json, Limits, parse};

/// What a server tells. What it does not is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ServerLoad {
    /// Requests that run.
    pub running: Option<u32>,
    /// Requests that wait.
    pub waiting: Option<u32>,
    /// The share of its key-value cache that is in use, from 0 to 1.
    pub cache_used: Option<f64>,
    /// The tokens that its cache holds.
    pub cache_tokens: Option<u32>,
}

const RUNNING: [&str; 5] = [
    "vllm:num_requests_running",
    "sglang:num_running_reqs",
    "tgi_batch_current_size",
    "trtllm_num_requests_running",
    "llamacpp:requests_processing",
];
const WAITING: [&str; 5] = [
    "vllm:num_requests_waiting",
    "sglang:num_queue_reqs",
    "tgi_queue_size",
    "trtllm_num_requests_waiting",
    "llamacpp:requests_deferred",
];
const CACHE_USED: [&str; 5] = [
    "vllm:kv_cache_usage_perc",
    "vllm:gpu_cache_usage_perc",
    "sglang:token_usage",
    "trtllm_kv_cache_utilization",
    "llamacpp:kv_cache_usage_ratio",
];
/// Facts in labels: the series, and the two labels whose product is the tokens of the cache.
const CACHE_FACTS: [(&str, &str, &str); 2] = [
    ("vllm:cache_config_info", "block_size", "num_gpu_blocks"),
    ("sglang:cache_config_info", "page_size", "num_pages"),
];

/// Reads a page of metrics. Counts of several models or engines are added up, of shares the highest counts.
/// Lines that are not understood are passed over: a page has hundreds of others.
#[must_use]
pub fn read_server_load(page: &str) -> ServerLoad {
    let mut load = ServerLoad::default();
    for line in page.lines().filter(|line| !line.starts_with('#')) {
        let Some(series) = Series::read(line) else { continue };
        if RUNNING.contains(&series.name) {
            add(&mut load.running, series.value);
        } else if WAITING.contains(&series.name) {
            add(&mut load.waiting, series.value);
        } else if CACHE_USED.contains(&series.name) {
            let used = series.value.clamp(0.0, 1.0);
            load.cache_used = Some(load.cache_used.map_or(used, |known| known.max(used)));
        } else if let Some((_, size, count)) = CACHE_FACTS.iter().find(|(name, ..)| *name == series.name) {
            let product = series.label(size).zip(series.label(count)).and_then(|(a, b)| a.checked_mul(b));
            load.cache_tokens = product.or(load.cache_tokens);
        }
    }
    load
}

/// The models that a server holds in memory, of a page of Ollama's `/api/ps`; `None` if it is no such page.
#[must_use]
pub fn read_loaded_models(page: &[u8]) -> Option<Vec<String>> {
    let page = parse(page, Limits::default()).ok()?;
    let models = page.as_object()?.get("models")?.as_array()?;
    let name = |model: &Json<'_>| {
        let model = model.as_object()?;
        ["model", "name"].iter().find_map(|field| model.get(field)?.as_str()).map(str::to_owned)
    };
    Some(models.iter().filter_map(name).collect())
}

fn add(count: &mut Option<u32>, value: f64) {
    // A cast of floats saturates, and takes what is no number for 0.
    *count = Some(count.unwrap_or(0).saturating_add(value.max(0.0) as u32));
}

/// One line: `name{labels} value`, perhaps with a time.
struct Series<'a> {
    name: &'a str,
    labels: &'a str,
    value: f64,
}

impl<'a> Series<'a> {
    fn read(line: &'a str) -> Option<Self> {
        let (name, labels, rest) = match line.split_once('{') {
            Some((name, rest)) => {
                let (labels, rest) = rest.rsplit_once('}')?;
                (name, labels, rest)
            }
            None => {
                let (name, rest) = line.split_once(' ')?;
                (name, "", rest)
            }
        };
        let value = rest.split_ascii_whitespace().next()?.parse::<f64>().ok()?;
        value.is_finite().then_some(Self { name: name.trim(), labels, value })
    }

    /// The number in a label.
    fn label(&self, name: &str) -> Option<u32> {
        let of = |label: &'a str| {
            let (key, value) = label.split_once('=')?;
            (key.trim() == name).then(|| value.trim().trim_matches('"'))
        };
        self.labels.split(',').find_map(of)?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_models_that_ollama_holds_in_memory_are_read() {
        let page =
            br#"{"models":[{"name":"qwen3:8b","model":"qwen3:8b","size":1,"details":{"family":"qwen3"},
            "expires_at":"2026-11-28T14:38:31Z","size_vram":5137025024},{"name":"gemma3:4b"}]}"#;
        assert_eq!(read_loaded_models(page).unwrap(), ["qwen3:8b", "gemma3:4b"]);
        assert_eq!(read_loaded_models(br#"{"models":[]}"#), Some(Vec::new()));
        assert_eq!(read_loaded_models(b"<html>"), None);
    }

    #[test]
    fn the_pages_of_all_servers_are_understood() {
        let vllm = "# HELP vllm:num_requests_running Number of requests\n# TYPE vllm:num_requests_running gauge\n\
                    vllm:num_requests_running{engine=\"0\",model_name=\"m\"} 3.0\n\
                    vllm:num_requests_running{engine=\"1\",model_name=\"m\"} 4.0\n\
                    vllm:num_requests_waiting{engine=\"0\",model_name=\"m\"} 2.0\n\
                    vllm:kv_cache_usage_perc{engine=\"0\",model_name=\"m\"} 0.25\n\
                    vllm:cache_config_info{block_size=\"16\",cache_dtype=\"auto\",num_gpu_blocks=\"2000\"} 1.0\n";
        let expected = ServerLoad {
            running: Some(7),
            waiting: Some(2),
            cache_used: Some(0.25),
            cache_tokens: Some(32_000),
        };
        assert_eq!(read_server_load(vllm), expected);
        let of = |page: &str| {
            let load = read_server_load(page);
            (load.running, load.waiting, load.cache_used)
        };
        let sglang = "sglang:num_running_reqs 5\nsglang:num_queue_reqs 1\nsglang:token_usage 0.5\n";
        assert_eq!(of(sglang), (Some(5), Some(1), Some(0.5)));
        assert_eq!(of("tgi_batch_current_size 8\ntgi_queue_size 3\n"), (Some(8), Some(3), None));
        let trtllm =
            "trtllm_num_requests_running 2\ntrtllm_num_requests_waiting 0\ntrtllm_kv_cache_utilization 0.9";
        assert_eq!(of(trtllm), (Some(2), Some(0), Some(0.9)));
        let llama = "llamacpp:requests_processing 1\nllamacpp:requests_deferred 6 1700000000\n";
        assert_eq!(of(llama), (Some(1), Some(6), None));
    }

    #[test]
    fn what_is_no_page_of_metrics_tells_nothing() {
        for page in
            ["", "<html>", "vllm:num_requests_running NaN", "vllm:num_requests_running{ 3", "x", "\u{0}{} 1"]
        {
            assert_eq!(read_server_load(page), ServerLoad::default(), "{page:?}");
        }
        let absurd = "vllm:num_requests_running 1e300\nvllm:num_requests_waiting -5\nvllm:kv_cache_usage_perc 9\n\
                      vllm:cache_config_info{block_size=\"4294967295\",num_gpu_blocks=\"2\"} 1";
        let expected = ServerLoad {
            running: Some(u32::MAX),
            waiting: Some(0),
            cache_used: Some(1.0),
            cache_tokens: None,
        };
        assert_eq!(read_server_load(absurd), expected);
    }
}
