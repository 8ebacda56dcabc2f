//! Text that is written as tokens or embeddings, which some servers take beside the messages.

use crate::json::{Json, Object, push_index, push_key};

/// Fields that hold a prompt as whole numbers.
///
/// Source: the OpenAI completions API (`prompt`), and the extra parameters of vLLM and SGLang.
const TOKEN_FIELDS: [&str; 6] =
    ["prompt", "prompt_token_ids", "token_ids", "input_ids", "tokens", "input_tokens"];
/// The field that holds one as tensors.
const EMBEDDINGS: &str = "prompt_embeds";
/// So many whole numbers in a row can be the tokens of a text, whatever they are called.
const TOKENS_MIN: usize = 64;

/// The paths of all places that hold such text.
pub(super) fn found(body: &Object) -> Vec<String> {
    let mut search = Search { above: Vec::new(), found: Vec::new() };
    search.object(body);
    search.found
}

struct Search<'b> {
    /// Where the search is. It becomes a path when something is found, which is rare.
    above: Vec<Step<'b>>,
    found: Vec<String>,
}

#[derive(Clone, Copy)]
enum Step<'b> {
    Key(&'b str),
    Index(usize),
}

impl<'b> Search<'b> {
    fn object(&mut self, object: &'b Object<'_>) {
        for (name, value) in object.iter() {
            let is_embeddings = name == EMBEDDINGS;
            self.below(Step::Key(name), |search| match value {
                Json::Object(object) => search.object(object),
                Json::Array(items) if is_embeddings => search.embeddings(items),
                Json::Array(items) => search.array(items, TOKEN_FIELDS.contains(&name)),
                Json::String(_) if is_embeddings => search.hit(),
                Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
            });
        }
    }

    fn embeddings(&mut self, items: &'b [Json<'_>]) {
        if !items.is_empty() {
            self.hit();
        }
    }

    fn array(&mut self, items: &'b [Json<'_>], is_field: bool) {
        let numbers = items.iter().filter(|item| item.as_u64().is_some()).count();
        // Of such a field servers take `15339.0` for a token too.
        let has_numbers = || items.iter().any(|item| matches!(item, Json::Number(_)));
        if (is_field && has_numbers()) || numbers >= TOKENS_MIN {
            return self.hit();
        }
        for (index, item) in items.iter().enumerate() {
            self.below(Step::Index(index), |search| match item {
                Json::Object(object) => search.object(object),
                Json::Array(items) => search.array(items, is_field),
                Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
            });
        }
    }

    fn below(&mut self, step: Step<'b>, look: impl FnOnce(&mut Self)) {
        self.above.push(step);
        look(self);
        self.above.pop();
    }

    fn hit(&mut self) {
        let mut path = String::new();
        for step in &self.above {
            match step {
                Step::Key(key) => push_key(&mut path, key),
                Step::Index(index) => push_index(&mut path, *index),
            }
        }
        self.found.push(path.trim_start_matches('.').to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Limits, parse};

    fn found_in(body: &str) -> Vec<String> {
        found(parse(body.as_bytes(), Limits::default()).unwrap().as_object().unwrap())
    }

    #[test]
    fn token_arrays_and_embeddings_are_found_where_they_are() {
        let many = vec!["17"; TOKENS_MIN].join(",");
        for (body, path) in [
            (r#"{"prompt":[1,2]}"#.to_owned(), "prompt"),
            (r#"{"prompt":[[1,2],[3]]}"#.to_owned(), "prompt[0]"),
            (r#"{"prompt":[15339.0,1917.0]}"#.to_owned(), "prompt"),
            (r#"{"x":{"prompt_token_ids":[5]}}"#.to_owned(), "x.prompt_token_ids"),
            (r#"{"prompt_embeds":"gAAA"}"#.to_owned(), "prompt_embeds"),
            (r#"{"prompt_embeds":["gAAA"]}"#.to_owned(), "prompt_embeds"),
            (format!(r#"{{"messages":[{{"x":[{many}]}}]}}"#), "messages[0].x"),
        ] {
            assert_eq!(found_in(&body).first().map(String::as_str), Some(path), "{body}");
        }
    }

    #[test]
    fn other_arrays_and_names_are_not() {
        let few = vec!["17"; TOKENS_MIN - 1].join(",");
        let decimals = vec!["0.5"; 2 * TOKENS_MIN].join(",");
        for body in [
            r#"{"prompt":"text","tokens":7,"input_ids":["a"],"token_ids":[]}"#.to_owned(),
            format!(r#"{{"x":[{few}],"y":[{decimals}]}}"#),
        ] {
            assert_eq!(found_in(&body), Vec::<String>::new(), "{body}");
        }
    }
}
