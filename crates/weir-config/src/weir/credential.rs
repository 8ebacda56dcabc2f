use super::Reading;
use crate::raw::weir::{RawAuth, RawAwsRole, RawEntra, RawGoogle};
use crate::yaml::At;
use crate::{Auth, BackendApi, Secret};
use weir_wire::dialect::BackendDialect;

/// What authorises Weir at a backend that speaks `api`: the keys of an AWS profile sign requests, and are a key of nobody
/// else.
pub fn of_backend(
    written: &At<String>,
    api: Option<BackendApi>,
    reading: &mut Reading<'_, '_>,
) -> Option<Secret> {
    let signs = api.is_none_or(|api| api.dialect == BackendDialect::Converse);
    if matches!(Origin::of(&written.value), Origin::Profile(_)) && !signs {
        let message = format!("`{}` is for backends with `api: bedrock`", written.value);
        reading.report.error(
            written.place,
            message,
            "write `${NAME}` or `file:PATH`, where the key of this API is",
        );
        return None;
    }
    api_key(written, reading)
}

/// What authorises Weir somewhere. The value itself is in no message and no excerpt.
pub fn api_key(written: &At<String>, reading: &mut Reading<'_, '_>) -> Option<Secret> {
    let At { value, place } = written;
    let origin = Origin::of(value);
    let env = reading.surroundings.env();
    if env.is_none() && !matches!(origin, Origin::Mixed | Origin::Literal) {
        return Some(Secret::new(NOT_LOOKED_FOR.to_owned()));
    }
    let found = match origin {
        Origin::Environment(name) => env
            .and_then(|env| env(name))
            .ok_or((format!("the environment variable `{name}` is not set"), "set it where Weir is started")),
        Origin::File(path) => reading.surroundings.read_secret(path).map_err(|error| {
            (format!("cannot read `{path}`: {error}"), "check that the file exists and Weir may read it")
        }),
        Origin::Profile(name) => profile(name, reading),
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

/// How what authorises Weir is come by.
pub fn auth(
    written: &At<RawAuth>,
    api_key: Option<&At<String>>,
    is_outside: bool,
    reading: &mut Reading<'_, '_>,
) -> Option<Auth> {
    let At { value: RawAuth { entra, google, aws_role }, place } = written;
    if !is_outside {
        let help = "remove `auth`; a backend inside takes an `api_key`, if anything";
        reading.report.error(*place, "`auth` is for backends outside the network", help);
        return None;
    }
    let needs_key = aws_role.as_ref().is_some_and(|role| role.web_identity_token_file.is_none());
    if needs_key != api_key.is_some() {
        let (message, help) = match needs_key {
            true => (
                "`aws_role` needs keys that may take the role",
                "add them as `api_key: ID:SECRET`, or name a `web_identity_token_file`",
            ),
            false => ("`api_key` and `auth` are two ways to prove the same", "remove one of them"),
        };
        reading.report.error(*place, message, help);
        return None;
    }
    match (entra, google, aws_role) {
        (Some(entra), None, None) => self::entra(entra, reading),
        (None, Some(google), None) => self::google(google, reading),
        (None, None, Some(role)) => aws_role_of(role, reading),
        _ => {
            let help = "write one of `entra`, `google` and `aws_role` under it";
            reading.report.error(*place, "`auth` must name one way", help);
            None
        }
    }
}

fn entra(raw: &RawEntra, reading: &mut Reading<'_, '_>) -> Option<Auth> {
    let RawEntra { tenant, client_id, client_secret, scope, token_url } = raw;
    let is_tenant = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte))
    };
    if !is_tenant(&tenant.value) {
        let message = format!("`{}` is no directory", tenant.value);
        reading.report.error(tenant.place, message, "write its id, or a domain of it");
        return None;
    }
    let usual = format!("https://login.microsoftonline.com/{}/oauth2/v2.0/token", tenant.value);
    Some(Auth::Entra {
        token_url: text_or(token_url, &usual),
        client_id: client_id.value.clone(),
        client_secret: api_key(client_secret, reading)?,
        scope: text_or(scope, "https://cognitiveservices.azure.com/.default"),
    })
}

fn google(raw: &RawGoogle, reading: &mut Reading<'_, '_>) -> Option<Auth> {
    let RawGoogle { key_file: At { value: path, place }, scope } = raw;
    let scope = text_or(scope, "https://www.googleapis.com/auth/cloud-platform");
    if reading.surroundings.env().is_none() {
        return Some(Auth::Google { key_file: Secret::new(NOT_LOOKED_FOR.to_owned()), scope });
    }
    match reading.surroundings.read_secret(path) {
        Ok(text) => Some(Auth::Google { key_file: Secret::new(text), scope }),
        Err(error) => {
            let message = format!("cannot read `{path}`: {error}");
            reading.report.error(*place, message, "check that the file exists and Weir may read it");
            None
        }
    }
}

fn aws_role_of(raw: &RawAwsRole, reading: &mut Reading<'_, '_>) -> Option<Auth> {
    let RawAwsRole { arn, session, external_id, web_identity_token_file, sts_url } = raw;
    if let (Some(_), Some(id)) = (web_identity_token_file, external_id) {
        let help = "remove one of `external_id` and `web_identity_token_file`";
        reading.report.error(id.place, "a web identity takes a role without an `external_id`", help);
        return None;
    }
    if let Some(At { value: path, place }) = web_identity_token_file {
        let is_read = reading.surroundings.env().is_some();
        let found = if is_read { reading.surroundings.read_secret(path).map(|_| ()) } else { Ok(()) };
        if let Err(error) = found {
            let message = format!("cannot read `{path}`: {error}");
            reading.report.error(*place, message, "check that the file exists and Weir may read it");
            return None;
        }
        if !path.starts_with('/') {
            let help = "write the whole path; the file is read again whenever keys are fetched";
            reading.report.error(*place, format!("`{path}` does not begin at the root"), help);
            return None;
        }
    }
    Some(Auth::AwsRole {
        arn: arn.value.clone(),
        session: text_or(session, "weir"),
        external_id: external_id.as_ref().map(|id| id.value.clone()),
        web_identity_token_file: web_identity_token_file.as_ref().map(|file| file.value.clone()),
        sts_url: sts_url.as_ref().map(|url| url.value.clone()),
    })
}

fn text_or(written: &Option<At<String>>, usual: &str) -> String {
    written.as_ref().map_or(usual, |written| &written.value).to_owned()
}

/// What stands for a key when nothing is sent anywhere.
const NOT_LOOKED_FOR: &str = "not-looked-for";

enum Origin<'a> {
    Environment(&'a str),
    File(&'a str),
    Profile(&'a str),
    Mixed,
    Literal,
}

impl<'a> Origin<'a> {
    fn of(written: &'a str) -> Self {
        let variable = written.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
        match (variable, written.split_once(':')) {
            (Some(name), _) if !name.contains(['$', '{', '}']) => Origin::Environment(name),
            (_, Some(("file", path))) => Origin::File(path),
            (_, Some(("aws-profile", name))) => Origin::Profile(name),
            _ if written.contains("${") => Origin::Mixed,
            _ => Origin::Literal,
        }
    }
}

/// The keys of a profile in AWS's credentials file, as `ID:SECRET` or `ID:SECRET:TOKEN`.
///
/// Source: AWS SDKs and Tools Reference Guide, "Shared config and credentials files".
fn profile(name: &str, reading: &Reading<'_, '_>) -> Result<String, (String, &'static str)> {
    let variable =
        |name| reading.surroundings.env().and_then(|env| env(name)).filter(|value| !value.is_empty());
    let path = variable("AWS_SHARED_CREDENTIALS_FILE")
        .or_else(|| Some(format!("{}/.aws/credentials", variable("HOME")?)))
        .ok_or((
            "neither `AWS_SHARED_CREDENTIALS_FILE` nor `HOME` is set".to_owned(),
            "say where the credentials file is",
        ))?;
    let file = reading.surroundings.read_secret(&path).map_err(|error| {
        (format!("cannot read `{path}`: {error}"), "check that the file exists and Weir may read it")
    })?;
    let value = |key| in_section(&file, name, key);
    let (Some(id), Some(secret)) = (value("aws_access_key_id"), value("aws_secret_access_key")) else {
        let message =
            format!("`{path}` has no profile `{name}` with `aws_access_key_id` and `aws_secret_access_key`");
        return Err((
            message,
            "only keys that are written there are taken; for a role, see `auth: { aws_role: … }`",
        ));
    };
    let token = value("aws_session_token").map(|token| format!(":{token}")).unwrap_or_default();
    Ok(format!("{id}:{secret}{token}"))
}

/// The value of `key = value` in the section `[section]`.
fn in_section<'f>(file: &'f str, section: &str, key: &str) -> Option<&'f str> {
    let mut is_in = false;
    for line in file.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            is_in = name.trim() == section;
        } else if let Some((name, value)) = line.split_once('=').filter(|_| is_in)
            && name.trim() == key
        {
            return Some(value.trim());
        }
    }
    None
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
