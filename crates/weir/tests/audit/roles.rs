//! Who may ask what of the admin API.

use super::file;
use crate::support::command::stdout;
use crate::support::stage::Stage;
use crate::support::{self, PERSONAL, ask};
use serde_json::Value;

#[test]
fn an_auditor_reads_and_proves_the_log_and_changes_nothing() {
    let stage = Stage::new();
    let home = &stage.gateway.home;
    let key = |role: &str| {
        let output = home.weir(&["admin", "keys", "create", role, "--role", role, "--json"]);
        serde_json::from_str::<Value>(&stdout(&output)).unwrap()
    };
    let (auditor, admin) = (key("auditor"), key("admin"));
    let decision = stage.gateway.chat(&ask("auto", PERSONAL)).decision();
    let post = |path: &str, key: &Value, body: &str| {
        let bearer = format!("Bearer {}", key["key"].as_str().unwrap_or_default());
        let mut client = support::http::Client::connect(stage.gateway.admin);
        client.post(path, &[("authorization", &bearer)], body.as_bytes())
    };
    let query = format!("{{\"decision\": \"{decision}\"}}");
    let rows = post("/audit/query", &auditor, &query);
    assert_eq!(rows.json()["rows"][0]["decision"]["zone"], "local", "{}", rows.text());
    assert_eq!(post("/audit/query", &auditor, "{\"zone\": \"cloud\"}").json()["rows"], serde_json::json!([]));
    stage.gateway.until("the receipt is there", |_| {
        post("/audit/receipt", &auditor, &format!("{{\"id\": \"{decision}\"}}"))
            .text()
            .starts_with("c2sp.org/tlog-proof@v1")
    });
    assert_eq!(post("/audit/verify", &auditor, "").json()["ok"], true);
    let claim = "{\"claim\": \"no record with level >= confidential has zone cloud\"}";
    let attested = post("/audit/attest", &auditor, claim).json();
    assert_eq!(attested["report"]["holds"], true);
    std::fs::write(home.path().join("report"), attested["signed"].as_str().unwrap()).unwrap();
    assert!(home.weir(&["audit", "verify", "--report", &file(home, "report")]).status.success());
    for path in [
        "/audit/rotate-key",
        "/policy/apply",
        "/policy/rollback",
        "/policy/reload",
        "/policy/test",
        "/policy/replay",
    ] {
        assert_eq!(post(path, &auditor, "{}").status, 403, "{path}");
        assert_eq!(post(path, &Value::Null, "{}").status, 401, "{path}");
    }
    for path in ["/audit/query", "/audit/receipt", "/audit/verify", "/audit/attest"] {
        assert_eq!(post(path, &Value::Null, "{}").status, 401, "{path}");
    }
    assert_eq!(post("/audit/query", &auditor, "{\"zone\": \"moon\"}").status, 400);
    assert_eq!(post("/audit/attest", &auditor, "{\"claim\": \"all is well\"}").status, 400);
    assert_eq!(post("/audit/rotate-key", &admin, "{}").status, 200);
    let used = |key: &Value, action: &str| {
        home.state_holds(&format!(
            "\"actor\":\"{}\",\"role\":\"{}\",\"action\":\"{action}\"",
            key["id"].as_str().unwrap(),
            key["role"].as_str().unwrap()
        ))
    };
    stage.gateway.until("what was asked is on record", |_| {
        used(&auditor, "audit.attest") && used(&admin, "audit.rotate-key") && !used(&auditor, "policy.apply")
    });
    assert!(!home.state_holds(auditor["key"].as_str().unwrap()));
    let listed = home.weir(&["admin", "keys", "list"]);
    assert!(
        stdout(&listed).contains("auditor") && !stdout(&listed).contains(auditor["key"].as_str().unwrap())
    );
    assert!(home.weir(&["admin", "keys", "revoke", auditor["id"].as_str().unwrap()]).status.success());
    assert_eq!(post("/audit/query", &auditor, &query).status, 401);
}

/// Every route of the admin API, and the least role that it takes. A route that is not in it fails the test.
const ROUTES: [(&str, Takes); 26] = [
    ("/healthz", Takes::Nothing),
    ("/readyz", Takes::Nothing),
    ("/metrics", Takes::Nothing),
    ("/task", Takes::Nothing),
    ("/quality", Takes::Nothing),
    ("/backends", Takes::Nothing),
    ("/spending", Takes::Nothing),
    ("/policy", Takes::Nothing),
    ("/policy/history", Takes::Nothing),
    ("/audit/checkpoint", Takes::Nothing),
    ("/audit/key", Takes::Nothing),
    ("/audit/exports", Takes::Nothing),
    ("POST /audit/query", Takes::Auditor),
    ("POST /audit/receipt", Takes::Auditor),
    ("POST /audit/verify", Takes::Auditor),
    ("POST /audit/attest", Takes::Auditor),
    ("POST /audit/rotate-key", Takes::Admin),
    ("POST /audit/destroy-content-key", Takes::Admin),
    ("POST /policy/apply", Takes::Admin),
    ("POST /policy/rollback", Takes::Admin),
    ("POST /policy/test", Takes::Admin),
    ("POST /policy/replay", Takes::Admin),
    ("POST /policy/reload", Takes::Admin),
    ("POST /feedback", Takes::Admin),
    ("POST /policy/webhook", Takes::Webhook),
    ("/", Takes::Nothing),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Takes {
    /// Pages that change nothing and tell no record, for whoever is on the machine.
    Nothing,
    Auditor,
    Admin,
    /// The HMAC of its own secret, of which none is configured here.
    Webhook,
}

#[test]
fn every_route_of_the_admin_api_takes_the_roles_that_it_should() {
    let stage = Stage::new();
    let home = &stage.gateway.home;
    let made = |arguments: &[&str]| -> String {
        let output = home.weir(&[arguments, &["--json"]].concat());
        let key: Value = serde_json::from_str(&stdout(&output)).unwrap();
        key["key"].as_str().unwrap().to_owned()
    };
    let auditor = made(&["admin", "keys", "create", "auditors", "--role", "auditor"]);
    let admin = made(&["admin", "keys", "create", "operators", "--role", "admin"]);
    let caller = home.create_key(&["app"]).text;
    let truncated = admin[..admin.len() - 1].to_owned();
    let listed = stage.gateway.admin_json("/")["pages"].as_object().unwrap().clone();
    let known = |route: &str| ROUTES.iter().any(|(found, _)| *found == route);
    assert!(listed.keys().all(|route| known(route)), "not in the table: {listed:?}");
    assert!(ROUTES.iter().all(|(route, _)| *route == "/" || listed.contains_key(*route)));
    let status = |method: &str, path: &str, key: &str| {
        let bearer = format!("Bearer {key}");
        let headers = [("authorization", bearer.as_str())];
        let headers = if key.is_empty() { &headers[..0] } else { &headers[..] };
        let mut client = support::http::Client::connect(stage.gateway.admin);
        match method {
            "POST" => client.post(path, headers, b"{\"of\": \"nothing\"}").status,
            _ => client.get(path, headers).status,
        }
    };
    for (route, takes) in ROUTES {
        let (method, path) = route.split_once(' ').unwrap_or(("GET", route));
        let ask = |key: &str| status(method, path, key);
        for nobody in ["", caller.as_str(), truncated.as_str(), "wa_00000000_00"] {
            let expected: &[u16] = match takes {
                Takes::Nothing => &[200],
                Takes::Auditor | Takes::Admin => &[401],
                Takes::Webhook => &[401, 404],
            };
            assert!(expected.contains(&ask(nobody)), "{route} for {nobody:?}: {}", ask(nobody));
        }
        let is_let_in = |key: &str| !matches!(ask(key), 401 | 403 | 404);
        let (by_auditor, by_admin) = match takes {
            Takes::Nothing | Takes::Auditor => (true, true),
            Takes::Admin => (false, true),
            Takes::Webhook => (false, false),
        };
        assert_eq!((is_let_in(&auditor), is_let_in(&admin)), (by_auditor, by_admin), "{route}");
        if takes == Takes::Nothing && !path.starts_with("/policy") {
            assert_eq!(status("POST", path, &admin), 405, "{route} is a page");
        }
        if takes != Takes::Nothing {
            assert!(
                matches!(status("GET", path, &admin), 404 | 405),
                "{route} changes nothing when it is looked at"
            );
        }
    }
    assert_eq!(status("POST", "/feedback", &auditor), 403);
}
