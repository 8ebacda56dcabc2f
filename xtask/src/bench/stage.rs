//! Backend, proxy and gateway, running.

use crate::run::{Done, Failure, output, program, root, target, works};
use serde_json::Value;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// The programs under measurement. Dropping it stops them.
pub struct Stage {
    programs: Programs,
    fake: Running,
    proxy: Running,
    gateway: Running,
}

/// Which way load takes to the backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Direct,
    Proxy,
    Gateway,
}

/// The CPU of gateway and proxy, and that of load and backend.
const MEASURED: &str = "0";
const AROUND: &str = "1";

/// The directory of policies that must be signed, beside the configuration.
const POLICIES: &str = "policies";

/// What is written of the functions that ran.
const TRACE: &str = "trace";

/// Events of a stream.
const CHUNKS: &str = "32";

impl Stage {
    /// Starts everything on free ports, with the gateway's files and state in `target/bench`.
    pub fn set_up() -> Done<Self> {
        let programs = Programs::find_anew()?;
        // Without the cases beside it, which speak of the example's own targets.
        let policy = programs.directory.join("policy.yaml");
        fs::copy(root().join("examples/two-rules/policy.yaml"), &policy)
            .map_err(Failure::of(policy.display()))?;
        Self::start(programs, "")
    }

    /// Starts the gateway anew with what it has kept; `is_traced` says whether it is written down which of its functions run.
    pub fn restart(&mut self, is_traced: bool) -> Done {
        self.gateway.end()?;
        self.programs.is_traced = is_traced;
        self.gateway = self.programs.gateway(&self.fake, "")?;
        self.wait_for_gateway()
    }

    /// Forgets what the gateway has kept.
    pub fn forget(&mut self) -> Done {
        self.gateway.end()?;
        let state = self.programs.directory.join("state");
        fs::remove_dir_all(&state).map_err(Failure::of(state.display()))
    }

    /// Ends a gateway that is traced, and gives what was written of it, which has the names of all functions that ran.
    pub fn trace(&mut self) -> Done<String> {
        self.gateway.end()?;
        let path = self.programs.directory.join(TRACE);
        fs::read_to_string(&path).map_err(Failure::of(path.display()))
    }

    /// The same with a policy of its own, which must be signed.
    pub fn set_up_signed(policy: &str) -> Done<Self> {
        let programs = Programs::find_anew()?;
        let policies = programs.directory.join(POLICIES);
        fs::create_dir_all(&policies).map_err(Failure::of(policies.display()))?;
        let path = policies.join("policy.yaml");
        fs::write(&path, policy).map_err(Failure::of(path.display()))?;
        let public = output(programs.weir().args(["policy", "keygen"]))?;
        output(programs.weir().args(["policy", "sign", POLICIES, "1"]))?;
        let settings = format!("policy: {{ path: {POLICIES}, signed_by: \"{}\" }}\n", public.trim());
        Self::start(programs, &settings)
    }

    fn start(programs: Programs, settings: &str) -> Done<Self> {
        let fake = programs.rig(AROUND, &["fake", "--chunks", CHUNKS], "fake")?;
        let proxy = programs.rig(MEASURED, &["bareproxy", "--upstream", fake.authority()], "bareproxy")?;
        let gateway = programs.gateway(&fake, settings)?;
        let mut stage = Self { programs, fake, proxy, gateway };
        stage.wait_for_gateway()?;
        Ok(stage)
    }

    /// Puts load on one way and gives the report.
    pub fn load(&self, way: Way, options: &[&str], time: Duration) -> Done<String> {
        let on = match way {
            Way::Direct => &self.fake,
            Way::Proxy => &self.proxy,
            Way::Gateway => &self.gateway,
        };
        let (seconds, pid) = (time.as_secs_f64().to_string(), on.child.id().to_string());
        let mut load = self.programs.command(AROUND, &self.programs.rig);
        load.args(["load", "--json", "--url", &on.url, "--warmup", "0.5"]);
        load.args(["--duration", &seconds, "--pid", &pid]).args(options);
        // Exit code 1 with a report is for the reader of the report to judge.
        let output = load.output().map_err(Failure::of("`weir-rig load` does not run"))?;
        match output.stdout.is_empty() {
            false => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
            true => Err(Failure(String::from_utf8_lossy(&output.stderr).into_owned())),
        }
    }

    /// What the gateway says of its policies.
    pub fn status(&self) -> Done<Value> {
        let mut status = self.programs.weir();
        // Exit code 1 says that something was refused, and is for the reader to judge.
        let said = status.args(["policy", "status", "--json"]).output();
        let said = said.map_err(Failure::of("`weir policy status` does not run"))?;
        serde_json::from_slice(&said.stdout)
            .map_err(|_| Failure(String::from_utf8_lossy(&said.stderr).into_owned()))
    }

    /// Signs the policies as they are.
    pub fn sign(&self, version: u64) -> Done {
        self.weir(&["policy", "sign", POLICIES, &version.to_string()]).map(drop)
    }

    /// Runs `weir` beside the gateway's files.
    pub fn weir(&self, arguments: &[&str]) -> Done<String> {
        output(self.programs.weir().args(arguments))
    }

    /// Where the policies are that must be signed.
    pub fn policies(&self) -> PathBuf {
        self.programs.directory.join(POLICIES)
    }

    fn wait_for_gateway(&mut self) -> Done {
        const PATIENCE: Duration = Duration::from_secs(20);
        let begin = Instant::now();
        let mut one = self.programs.command(AROUND, &self.programs.rig);
        one.args(["load", "--requests", "1", "--conns", "1", "--url", &self.gateway.url]);
        while !works(&mut one) {
            let ended = self.gateway.child.try_wait().ok().flatten();
            if ended.is_some() || begin.elapsed() > PATIENCE {
                return Err(self.gateway.failure());
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }
}

/// Where the programs are, and how they are started.
struct Programs {
    rig: PathBuf,
    weir: PathBuf,
    directory: PathBuf,
    /// Ends a program together with this one, however this one ends.
    has_setpriv: bool,
    has_taskset: bool,
    /// Whether it is written down which functions of the gateway run.
    is_traced: bool,
}

impl Programs {
    /// With an empty directory.
    fn find_anew() -> Done<Self> {
        let directory = target().join("bench");
        let _absent = fs::remove_dir_all(&directory);
        fs::create_dir_all(&directory).map_err(Failure::of(directory.display()))?;
        Ok(Self::find(directory))
    }

    fn find(directory: PathBuf) -> Self {
        let release = target().join("release");
        Self {
            rig: release.join("weir-rig"),
            weir: release.join("weir"),
            directory,
            has_setpriv: works(&mut program("setpriv", &["--pdeathsig", "KILL", "true"])),
            has_taskset: works(&mut program("taskset", &["--cpu-list", AROUND, "true"])),
            is_traced: false,
        }
    }

    fn command(&self, cpu: &str, what: &Path) -> Command {
        let mut words = Vec::new();
        if self.has_setpriv {
            words.extend(["setpriv", "--pdeathsig", "KILL"].map(PathBuf::from));
        }
        if self.has_taskset {
            words.extend(["taskset", "--cpu-list", cpu].map(PathBuf::from));
        }
        words.push(what.to_owned());
        let mut words = words.into_iter();
        let mut command = program(words.next().unwrap_or_default(), &[]);
        command.args(words);
        command
    }

    /// `weir` as people use it, in the directory of the gateway's files.
    fn weir(&self) -> Command {
        let mut command = self.command(AROUND, &self.weir);
        command.current_dir(&self.directory);
        command
    }

    /// A program of the rig, whose first line is its base URL.
    fn rig(&self, cpu: &str, args: &[&str], name: &'static str) -> Done<Running> {
        let mut command = self.command(cpu, &self.rig);
        let mut running = self.start(command.args(args).stdout(Stdio::piped()), name)?;
        let stdout = running.child.stdout.take().map(BufReader::new);
        let url = stdout.and_then(|mut stdout| {
            let mut line = String::new();
            stdout.read_line(&mut line).ok().map(|_| (line.trim().to_owned(), stdout))
        });
        match url {
            Some((url, stdout)) if url.starts_with("http://") => {
                Ok(Running { url, _stdout: Some(stdout), ..running })
            }
            _ => Err(running.failure()),
        }
    }

    fn gateway(&self, fake: &Running, settings: &str) -> Done<Running> {
        let [listen, admin] = free_ports()?;
        let config = self.directory.join("weir.yaml");
        let text = format!(
            "weir: 1\nlisten: 127.0.0.1:{listen}\nadmin: 127.0.0.1:{admin}\nstate: ./state\nbackends:\n  \
             - {{ name: fake, zone: local, url: '{}', models: [{{ name: fake-model }}] }}\naliases:\n  \
             fake-model: {{ targets: [fake/fake-model] }}\n{settings}",
            fake.url
        );
        fs::write(&config, text).map_err(Failure::of(config.display()))?;
        let mut command = self.gateways_command();
        command.arg("serve").arg("--config").arg(&config);
        let running = self.start(command.stdout(Stdio::null()), "weir")?;
        Ok(Running { url: format!("http://127.0.0.1:{listen}/v1"), ..running })
    }

    fn gateways_command(&self) -> Command {
        if !self.is_traced {
            return self.command(MEASURED, &self.weir);
        }
        let mut command = self.command(MEASURED, Path::new("valgrind"));
        let trace = format!("--callgrind-out-file={}", self.directory.join(TRACE).display());
        command.args(["--tool=callgrind", "--demangle=no", &trace]).arg(&self.weir);
        command
    }

    fn start(&self, command: &mut Command, name: &'static str) -> Done<Running> {
        let log = self.directory.join(format!("{name}.log"));
        let stderr = File::create(&log).map_err(Failure::of(log.display()))?;
        let child = command.stdin(Stdio::null()).stderr(stderr).spawn();
        let child = Ended(child.map_err(Failure::of(format!("`{name}` does not start")))?);
        Ok(Running { child, url: String::new(), name, log, _stdout: None })
    }
}

/// A program that runs.
struct Running {
    child: Ended,
    url: String,
    name: &'static str,
    log: PathBuf,
    /// Held open, so that the program can go on writing.
    _stdout: Option<BufReader<ChildStdout>>,
}

impl Running {
    /// Host and port of its base URL.
    fn authority(&self) -> &str {
        self.url.trim_start_matches("http://").trim_end_matches("/v1")
    }

    /// Has it end in order, and waits for that, unless it has ended.
    fn end(&mut self) -> Done {
        if self.child.try_wait().ok().flatten().is_some() {
            return Ok(());
        }
        output(&mut program("kill", &[&self.child.id().to_string()]))?;
        self.child.wait().map_err(Failure::of(format!("`{}` does not end", self.name))).map(drop)
    }

    fn failure(&self) -> Failure {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        Failure(format!("`{}` does not serve; it says:\n{}", self.name, log.trim_end()))
    }
}

/// A child process that ends when this is dropped.
struct Ended(Child);

impl std::ops::Deref for Ended {
    type Target = Child;

    fn deref(&self) -> &Child {
        &self.0
    }
}

impl std::ops::DerefMut for Ended {
    fn deref_mut(&mut self) -> &mut Child {
        &mut self.0
    }
}

impl Drop for Ended {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Two ports that nobody listens on. Both are held until both are known, so that they differ.
fn free_ports() -> Done<[u16; 2]> {
    let port = || TcpListener::bind("127.0.0.1:0").and_then(|held| Ok((held.local_addr()?.port(), held)));
    let found = port().and_then(|(a, _held)| port().map(|(b, _)| [a, b]));
    found.map_err(Failure::of("no free port on 127.0.0.1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_ends_with_the_stage() {
        let child = Command::new("sleep").arg("60").spawn().unwrap();
        let process = PathBuf::from(format!("/proc/{}", child.id()));
        assert!(process.exists());
        drop(Ended(child));
        assert!(!process.exists());
    }

    #[test]
    fn free_ports_differ() {
        let [a, b] = free_ports().unwrap();
        assert_ne!(a, b);
    }
}
