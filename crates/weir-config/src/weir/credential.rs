use super::Reading;
use crate::Secret;
use crate::yaml::At;

/// What authorises Weir at a backend. The value itself is in no message and no excerpt.
pub fn api_key(written: &At<String>, reading: &mut Reading<'_, '_>) -> Option<Secret> {
    let At { value, place } = written;
    let origin = Origin::of(value);
    let env = reading.surroundings.env();
    if env.is_none() && matches!(origin, Origin::Environment(_) | Origin::File(_)) {
        return Some(Secret::new(NOT_LOOKED_FOR.to_owned()));
    }
    let found = match origin {
        Origin::Environment(name) => env
            .and_then(|env| env(name))
            .ok_or((format!("the environment variable `{name}` is not set"), "set it where Weir is started")),
        Origin::File(path) => reading.surroundings.read_secret(path).map_err(|error| {
            (format!("cannot read `{path}`: {error}"), "check that the file exists and Weir may read it")
        }),
        Origin::Mixed => Err((
            "`${…}` must be the whole value".to_owned(),
            "write `${NAME}` alone, and put all of the key into that variable",
        )),
        Origin::Literal => {
            reading.report.hide(*place, value);
            reading.report.warning(
                *place,
                "the key is written in this file, which makes the file a secret",
                "write `${NAME}` and set the environment variable, or `file:PATH`",
            );
            Ok(value.clone())
        }
    };
    let usable = found.and_then(|key| usable(&key));
    usable.map_err(|(message, help)| reading.report.error(*place, message, help)).ok()
}

/// What stands for a key when nothing is sent anywhere.
const NOT_LOOKED_FOR: &str = "not-looked-for";

enum Origin<'a> {
    Environment(&'a str),
    File(&'a str),
    Mixed,
    Literal,
}

impl<'a> Origin<'a> {
    fn of(written: &'a str) -> Self {
        let variable = written.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
        match (variable, written.strip_prefix("file:")) {
            (Some(name), _) if !name.contains(['$', '{', '}']) => Origin::Environment(name),
            (_, Some(path)) => Origin::File(path),
            _ if written.contains("${") => Origin::Mixed,
            _ => Origin::Literal,
        }
    }
}

fn usable(key: &str) -> Result<Secret, (String, &'static str)> {
    let key = key.trim();
    if key.is_empty() {
        return Err(("the key is empty".to_owned(), "leave `api_key` out if the backend needs none"));
    }
    if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err((
            "the key holds a space, a control character or a letter beyond ASCII".to_owned(),
            "a key is one word; check that nothing else was copied with it",
        ));
    }
    Ok(Secret::new(key.to_owned()))
}
