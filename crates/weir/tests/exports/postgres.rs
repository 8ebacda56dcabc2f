//! A real PostgreSQL. Run by `cargo xtask test --only services`, which installs it.

use super::support::PATIENCE;
use super::*;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A server of its own, in a directory of its own.
struct Postgres {
    dir: TempDir,
    bin: PathBuf,
    port: u16,
    server: Option<Child>,
}

const SECRET: (&str, &str) = ("PG", "weir:secret-pass");

impl Postgres {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let port = port();
        let mut postgres = Self { dir, bin: binaries(), port, server: None };
        let data = postgres.data();
        std::fs::create_dir(&data).unwrap();
        std::fs::write(postgres.dir.path().join("password"), "secret-pass\n").unwrap();
        if is_root() {
            assert!(
                Command::new("chown").args(["postgres", "."]).current_dir(&data).status().unwrap().success()
            );
        }
        let password = postgres.dir.path().join("password").display().to_string();
        let made = postgres
            .program("initdb")
            .args(["--username", "weir", "--auth", "scram-sha-256", "--pwfile", &password, "--no-sync", "-D"])
            .arg(&data)
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let authority = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let (certificate, key) = (data.join("server.crt"), data.join("server.key"));
        std::fs::write(&certificate, authority.cert.pem()).unwrap();
        std::fs::write(&key, authority.signing_key.serialize_pem()).unwrap();
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
        std::fs::copy(&certificate, postgres.dir.path().join("ca.pem")).unwrap();
        if is_root() {
            let owned = Command::new("chown")
                .args(["postgres", "server.crt", "server.key"])
                .current_dir(&data)
                .status();
            assert!(owned.unwrap().success());
        }
        postgres.start();
        postgres
    }

    fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// A program of PostgreSQL, as whom it runs: never root.
    fn program(&self, name: &str) -> Command {
        let path = self.bin.join(name);
        let mut command = match is_root() {
            true => {
                let mut command = Command::new("runuser");
                command.args(["-u", "postgres", "--"]).arg(path);
                command
            }
            false => Command::new(path),
        };
        command.current_dir(self.dir.path()).stdin(Stdio::null());
        command
    }

    fn start(&mut self) {
        let mut command = self.program("postgres");
        command.args(["-h", "127.0.0.1", "-k", "", "-F", "-c", "ssl=on", "-p", &self.port.to_string(), "-D"]);
        let log = std::fs::File::create(self.dir.path().join("log")).unwrap();
        self.server = Some(command.arg(self.data()).stdout(Stdio::null()).stderr(log).spawn().unwrap());
        let deadline = Instant::now() + PATIENCE;
        while !self.psql("select 1").status.success() {
            let log = std::fs::read_to_string(self.dir.path().join("log")).unwrap();
            assert!(Instant::now() < deadline, "PostgreSQL does not start: {log}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Ends at once, with all connections.
    fn kill(&mut self) {
        let Some(mut server) = self.server.take() else { return };
        let stopped = self
            .program("pg_ctl")
            .args(["stop", "--mode", "immediate", "-D"])
            .arg(self.data())
            .output()
            .unwrap();
        assert!(stopped.status.success(), "{}", String::from_utf8_lossy(&stopped.stderr));
        server.wait().unwrap();
    }

    fn psql(&self, sql: &str) -> Output {
        let url = format!("postgres://weir@127.0.0.1:{}/postgres", self.port);
        let mut command = Command::new(self.bin.join("psql"));
        command.args(["--no-psqlrc", "-v", "ON_ERROR_STOP=1", "-At", "-c", sql, &url]);
        command.env("PGPASSWORD", "secret-pass").output().unwrap()
    }

    fn ask(&self, sql: &str) -> String {
        printed(&self.psql(sql)).trim_end().to_owned()
    }

    fn export(&self) -> String {
        format!(
            "    - {{ name: db, postgres: \"postgres://127.0.0.1:{}/postgres\", api_key: \"${{PG}}\", every: 50ms, timeout: 5s }}",
            self.port
        )
    }

    /// Every row by its id: the event.
    fn rows(&self, table: &str) -> BTreeMap<String, String> {
        let text = self.ask(&format!("select event_id || ' ' || event::text from {table}"));
        let rows: Vec<(String, String)> = text
            .lines()
            .map(|line| line.split_once(' ').map(|(id, event)| (id.to_owned(), event.to_owned())).unwrap())
            .collect();
        let count = rows.len();
        let rows: BTreeMap<_, _> = rows.into_iter().collect();
        assert_eq!(rows.len(), count, "each once");
        rows
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.kill();
    }
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout == b"0\n"
}

fn binaries() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
    found.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    let found = found.into_iter().find(|path| path.join("initdb").exists() && path.join("psql").exists());
    found
        .expect("PostgreSQL: `cargo xtask test --only services` installs it, or `apt-get install postgresql`")
}

#[test]
#[ignore = "needs PostgreSQL: cargo xtask test --only services"]
fn a_database_that_dies_in_the_middle_has_every_event_once_and_as_it_stands_in_the_log() {
    let mut postgres = Postgres::new();
    let tls = postgres.export().replace(
        "name: db, postgres: \"postgres://127.0.0.1",
        "name: tls, postgres: \"postgres+tls://localhost",
    );
    let ca = postgres.dir.path().join("ca.pem").display().to_string();
    let tls = tls.replace("every", &format!("table: other, ca_file: {ca}, every"));
    let mut gateway = start_with(home(&format!("{}\n{tls}", postgres.export())), SECRET);
    for _ in 0..3 {
        requests(&gateway, 10);
        postgres.kill();
        // It is away: requests are served, and nothing is lost.
        requests(&gateway, 10);
        gateway.until("that shows", |gateway| standing(gateway, "db")["result"] == "failing");
        assert!(gateway.ready().0 == 200);
        postgres.start();
        gateway = start_with(gateway.kill(), SECRET);
    }
    for (name, table) in [("db", "weir_audit"), ("tls", "other")] {
        until_exported(&gateway, name);
        let (rows, logged) = (postgres.rows(table), logged(&gateway.home));
        assert!(rows.len() > 100 && rows == logged, "{} rows of {} events", rows.len(), logged.len());
        assert!(!rows.values().any(|row| row.contains(CANARY)));
    }
    assert_eq!(postgres.ask("select count(*) from pg_stat_ssl where ssl and pid <> pg_backend_pid()"), "1");
    // It forgets how far it has come, and sends everything again.
    let (home, _) = gateway.stop();
    std::fs::remove_dir_all(home.path().join("state/exports")).unwrap();
    let gateway = start_with(home, SECRET);
    until_exported(&gateway, "db");
    assert_eq!(postgres.rows("weir_audit"), logged(&gateway.home));
    let deny = "select count(*) from weir_audit where type = 'decision' and event->>'action' = 'deny' and log like 'weir/audit/%'";
    assert_eq!(postgres.ask(deny), "60");
}

#[test]
#[ignore = "needs PostgreSQL: cargo xtask test --only services"]
fn what_a_database_refuses_for_good_is_a_gap_on_record_and_all_else_comes() {
    let postgres = Postgres::new();
    let wrong = home(&postgres.export());
    let gateway = start_with(wrong, ("PG", "weir:wrong"));
    gateway.until("it says that the password is wrong", |gateway| {
        standing(gateway, "db")["why"].as_str().is_some_and(|why| why.contains("the password is wrong"))
    });
    let (home, _) = gateway.stop();
    // Whoever may only insert needs a table that is there.
    postgres.ask(
        "create table weir_audit (event_id uuid primary key, log text not null, seq bigint not null, at timestamptz not null, \
         type text not null check (type not in ('outcome', 'export.gap')), event json not null); \
         create role writer login password 'w'; grant insert on weir_audit to writer",
    );
    let gateway = start_with(home, ("PG", "writer:w"));
    requests(&gateway, 3);
    gateway.until("all that it takes is there", |_| {
        postgres.ask("select count(*) from weir_audit where type = 'decision'") == "3"
    });
    gateway.until("the gap is on record", |gateway| {
        let gaps = recorded(&gateway.home, "export.gap");
        gaps.iter().map(|gap| gap["events"].as_u64().unwrap()).sum::<u64>() == 3
    });
    // That its own gaps are refused makes no more of them.
    until_exported(&gateway, "db");
    let gaps = recorded(&gateway.home, "export.gap").len();
    request(&gateway);
    until_exported(&gateway, "db");
    gateway.until("one more", |gateway| recorded(&gateway.home, "export.gap").len() == gaps + 1);
    until_exported(&gateway, "db");
    assert_eq!(recorded(&gateway.home, "export.gap").len(), gaps + 1);
    let (rows, logged) = (postgres.rows("weir_audit"), logged(&gateway.home));
    let refused =
        |line: &str| line.contains("\"type\":\"outcome\"") || line.contains("\"type\":\"export.gap\"");
    assert_eq!(rows, logged.into_iter().filter(|(_, line)| !refused(line)).collect());
    assert!(gateway.metric("weir_audit_export_missed_events_total", &["db"]) >= 4.0);
}
