//! What `cargo metadata` says of crates and what they depend on.

use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// A crate of the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crate {
    pub name: String,
    pub directory: PathBuf,
    /// Crates of the workspace that it depends on, development dependencies excepted.
    pub below: BTreeSet<String>,
    /// How each crate is reached that it depends on, directly or not: the names from itself to that one.
    pub reaches: BTreeMap<String, Vec<String>>,
}

/// The whole graph.
#[derive(Debug, Deserialize)]
pub struct Graph {
    packages: Vec<Package>,
    workspace_members: BTreeSet<String>,
    resolve: Resolve,
}

#[derive(Debug, Deserialize)]
struct Package {
    id: String,
    name: String,
    manifest_path: PathBuf,
    dependencies: Vec<Dependency>,
}

#[derive(Debug, Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
    path: Option<PathBuf>,
}

#[derive(Debug, Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Debug, Deserialize)]
struct Node {
    id: String,
    deps: Vec<Edge>,
}

#[derive(Debug, Deserialize)]
struct Edge {
    pkg: String,
    dep_kinds: Vec<Kind>,
}

#[derive(Debug, Deserialize)]
struct Kind {
    kind: Option<String>,
}

impl Graph {
    /// Reads the output of `cargo metadata --format-version 1`.
    pub fn read(json: &str) -> serde_json::Result<Self> {
        serde_json::from_str(json)
    }

    /// The crates of the workspace.
    pub fn crates(&self) -> Vec<Crate> {
        let members = self.packages.iter().filter(|package| self.workspace_members.contains(&package.id));
        members.map(|package| self.member(package)).collect()
    }

    fn member(&self, package: &Package) -> Crate {
        let not_for_tests = |dependency: &&Dependency| dependency.kind.as_deref() != Some("dev");
        let below = package.dependencies.iter().filter(not_for_tests).filter(|below| below.path.is_some());
        Crate {
            name: package.name.clone(),
            directory: package.manifest_path.parent().unwrap_or(&package.manifest_path).to_owned(),
            below: below.map(|below| below.name.clone()).collect(),
            reaches: self.reaches(package),
        }
    }

    /// Breadth first, so that the way told is a shortest one.
    fn reaches(&self, from: &Package) -> BTreeMap<String, Vec<String>> {
        let mut ways = BTreeMap::from([(from.id.as_str(), vec![from.name.clone()])]);
        let mut ids = vec![from.id.as_str()];
        let mut next = 0;
        while let Some(id) = ids.get(next).copied() {
            next += 1;
            let way = ways.get(id).cloned().unwrap_or_default();
            for below in self.normal(id) {
                if !ways.contains_key(below) {
                    let name = self.name(below).to_owned();
                    ways.insert(below, way.iter().cloned().chain([name]).collect());
                    ids.push(below);
                }
            }
        }
        ways.remove(from.id.as_str());
        ways.into_iter().map(|(id, way)| (self.name(id).to_owned(), way)).collect()
    }

    /// What ends up in the same program: neither build scripts' nor tests' dependencies.
    fn normal<'a>(&'a self, id: &str) -> impl Iterator<Item = &'a str> {
        let node = self.resolve.nodes.iter().find(|node| node.id == id);
        let edges = node.into_iter().flat_map(|node| &node.deps);
        edges.filter(|edge| edge.dep_kinds.iter().any(|kind| kind.kind.is_none())).map(|edge| &*edge.pkg)
    }

    fn name<'a>(&'a self, id: &'a str) -> &'a str {
        self.packages.iter().find(|package| package.id == id).map_or(id, |package| &package.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn package(name: &str, dependencies: serde_json::Value) -> serde_json::Value {
        json!({ "id": name, "name": name, "manifest_path": format!("/w/{name}/Cargo.toml"), "dependencies": dependencies })
    }

    fn edge(to: &str, kind: Option<&str>) -> serde_json::Value {
        json!({ "pkg": to, "dep_kinds": [{ "kind": kind }] })
    }

    #[test]
    fn direct_and_indirect_dependencies_are_told_from_those_of_tests_and_build_scripts() {
        let of_ours = json!([
            { "name": "low", "kind": null, "path": "/w/low" },
            { "name": "rig", "kind": "dev", "path": "/w/rig" },
            { "name": "middle", "kind": null, "path": null },
        ]);
        let metadata = json!({
            "packages": [package("ours", of_ours), package("low", json!([])), package("rig", json!([])),
                package("middle", json!([])), package("deep", json!([])), package("builds", json!([]))],
            "workspace_members": ["ours", "low", "rig"],
            "resolve": { "nodes": [
                { "id": "ours", "deps": [edge("low", None), edge("rig", Some("dev")), edge("middle", None)] },
                { "id": "middle", "deps": [edge("deep", None), edge("builds", Some("build"))] },
                { "id": "deep", "deps": [edge("middle", None)] },
            ] },
        });
        let crates = Graph::read(&metadata.to_string()).unwrap().crates();
        let ours = crates.iter().find(|member| member.name == "ours").unwrap();
        assert_eq!(crates.len(), 3);
        assert_eq!(ours.directory, PathBuf::from("/w/ours"));
        assert_eq!(ours.below, BTreeSet::from(["low".to_owned()]));
        assert_eq!(ours.reaches.keys().collect::<Vec<_>>(), ["deep", "low", "middle"]);
        assert_eq!(ours.reaches["deep"], ["ours", "middle", "deep"]);
    }
}
