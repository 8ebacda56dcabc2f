//! What shall be written.

use super::Found;
use super::cloud::Account;
use super::dialog::Dialog;
use super::models::{chats, size};
use crate::discovery::LocalServer;
use std::io::BufRead;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use weir_label::Level;

/// What shall be written.
#[derive(Debug)]
pub(super) struct Plan {
    pub servers: Vec<LocalServer>,
    pub accounts: Vec<(Account, String)>,
    /// The local target that `auto` means first.
    pub main: Option<String>,
    /// The smaller local target for when that one is full.
    pub degrade: Option<String>,
    pub boundary: Level,
    pub listen: SocketAddr,
    pub admin: SocketAddr,
}

impl Plan {
    /// Makes a plan of what was found, with as many questions as the dialog asks.
    pub fn make<R: BufRead>(found: Found, dialog: &mut Dialog<R>) -> Self {
        let servers = servers(found.servers, dialog);
        let accounts = accounts(found.accounts, dialog);
        let targets = targets(&servers);
        let main = main(&targets, dialog);
        let degrade = main.as_ref().and_then(|main| degrade(&targets, main, dialog));
        let boundary = boundary(dialog);
        let (listen, admin) = listeners();
        Self { servers, accounts, main, degrade, boundary, listen, admin }
    }
}

/// The servers to use, with the models to chat with.
fn servers<R: BufRead>(found: Vec<LocalServer>, dialog: &mut Dialog<R>) -> Vec<LocalServer> {
    let chatting = found.into_iter().filter_map(|mut server| {
        server.models.retain(|model| chats(model));
        (!server.models.is_empty()).then_some(server)
    });
    chatting.filter(|server| dialog.agrees(&format!("Use {} at {}?", server.name, server.url))).collect()
}

fn accounts<R: BufRead>(found: Vec<Account>, dialog: &mut Dialog<R>) -> Vec<(Account, String)> {
    let mut accounts = Vec::new();
    for account in found {
        let name = account.provider.name;
        if !dialog.agrees(&format!("Use {name} for what is not classified?")) {
            continue;
        }
        let is_name = |model: &str| {
            !model.is_empty() && model.chars().all(|c| c.is_ascii_alphanumeric() || "._-/:".contains(c))
        };
        let model = dialog.word(&format!("Which model of {name}?"), account.default_model(), is_name);
        accounts.push((account, model));
    }
    accounts
}

/// Every local target, written `backend/model`.
pub(super) fn targets(servers: &[LocalServer]) -> Vec<String> {
    let of = |server: &LocalServer| {
        let name = server.name.clone();
        server.models.clone().into_iter().map(move |model| format!("{name}/{model}"))
    };
    servers.iter().flat_map(of).collect()
}

/// The largest by default; the first where names do not tell.
fn main<R: BufRead>(targets: &[String], dialog: &mut Dialog<R>) -> Option<String> {
    let larger = |best: usize, (index, target): (usize, &String)| {
        let known = targets.get(best).and_then(|target| size(target)).unwrap_or(0.0);
        if size(target).is_some_and(|size| size > known) { index } else { best }
    };
    let default = targets.iter().enumerate().fold(0, larger);
    let chosen = match targets {
        [] => return None,
        [_] => default,
        _ => dialog.choice("Which local model shall `auto` mean?", targets, default),
    };
    targets.get(chosen).cloned()
}

/// The smallest of those that are known to be smaller by default; none if there is none.
fn degrade<R: BufRead>(targets: &[String], main: &str, dialog: &mut Dialog<R>) -> Option<String> {
    let limit = size(main);
    let smaller = targets.iter().filter(|target| *target != main).filter(|target| size(target) < limit);
    let known = smaller.filter_map(|target| Some((size(target)?, target)));
    let default = known.min_by(|(one, _), (other, _)| one.total_cmp(other)).map(|(_, target)| target);
    let mut options = vec!["none".to_owned()];
    options.extend(targets.iter().filter(|target| *target != main).cloned());
    if options.len() == 1 {
        return None;
    }
    let place = default.and_then(|target| options.iter().position(|option| option == target)).unwrap_or(0);
    let chosen =
        dialog.choice("Which smaller local model shall help out when that one is full?", &options, place);
    (chosen > 0).then(|| options.get(chosen).cloned()).flatten()
}

fn boundary<R: BufRead>(dialog: &mut Dialog<R>) -> Level {
    const LEVELS: [(Level, &str); 3] = [
        (Level::Internal, "internal: only what is known to be public may leave"),
        (Level::Confidential, "confidential: personal data, financial data and credentials stay"),
        (Level::Restricted, "restricted: only credentials stay"),
    ];
    let options = LEVELS.map(|(_, about)| about.to_owned());
    let chosen = dialog.choice("From which level on shall data never leave the network?", &options, 1);
    LEVELS.get(chosen).map_or(Level::Confidential, |(level, _)| *level)
}

/// The usual ports, or the next ones that nobody listens on.
fn listeners() -> (SocketAddr, SocketAddr) {
    (free_from(8080), free_from(9090))
}

fn free_from(usual: u16) -> SocketAddr {
    const TRIES: u16 = 10;
    let loopback = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let is_free = |address: &SocketAddr| TcpListener::bind(address).is_ok();
    (usual..usual + TRIES).map(loopback).find(is_free).unwrap_or(loopback(usual))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(name: &str, models: &[&str]) -> LocalServer {
        LocalServer {
            name: name.to_owned(),
            url: "http://127.0.0.1:1/v1".to_owned(),
            models: models.iter().map(|&model| model.to_owned()).collect(),
            elsewhere: Vec::new(),
        }
    }

    fn plan(servers: Vec<LocalServer>, answers: Option<&str>) -> Plan {
        let mut dialog = answers.map_or_else(Dialog::silent, |answers| Dialog::with(answers.as_bytes()));
        Plan::make(Found { servers, accounts: Vec::new() }, &mut dialog)
    }

    #[test]
    fn the_largest_model_leads_and_the_smallest_helps_out() {
        let plan = plan(vec![server("a", &["m:8b", "m:3b", "embed:1b"]), server("b", &["m:70b"])], None);
        assert_eq!(plan.main.as_deref(), Some("b/m:70b"));
        assert_eq!(plan.degrade.as_deref(), Some("a/m:3b"));
        assert_eq!(plan.servers[0].models, ["m:8b", "m:3b"]);
        assert_eq!(plan.boundary, Level::Confidential);
    }

    #[test]
    fn names_that_tell_nothing_lead_to_no_smaller_model() {
        let plan = plan(vec![server("a", &["alpha", "beta"])], None);
        assert_eq!((plan.main.as_deref(), plan.degrade), (Some("a/alpha"), None));
    }

    #[test]
    fn answers_change_the_plan() {
        let servers = vec![server("a", &["m:8b", "m:3b"]), server("b", &["m:70b"])];
        // Use a, not b; `auto` is the second; degrade to the second option; boundary internal.
        let plan = plan(servers, Some("y\nn\n2\n2\n1\n"));
        assert_eq!(plan.servers.len(), 1);
        assert_eq!(plan.main.as_deref(), Some("a/m:3b"));
        assert_eq!(plan.degrade.as_deref(), Some("a/m:8b"));
        assert_eq!(plan.boundary, Level::Internal);
    }

    #[test]
    fn with_nothing_found_there_is_nothing_to_choose() {
        let plan = plan(Vec::new(), None);
        assert_eq!((plan.main, plan.degrade), (None, None));
    }
}
