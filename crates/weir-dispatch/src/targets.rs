use crate::target::{Target, TargetKey};

/// The targets by their keys. A target that is gone leaves its place empty, because no key is used twice.
#[derive(Debug, Default)]
pub(crate) struct Targets {
    places: Vec<Option<Box<Target>>>,
}

impl Targets {
    pub fn get(&self, key: TargetKey) -> Option<&Target> {
        self.places.get(key.0 as usize)?.as_deref()
    }

    pub fn get_mut(&mut self, key: TargetKey) -> Option<&mut Target> {
        self.places.get_mut(key.0 as usize)?.as_deref_mut()
    }

    /// Adds a target, and gives the key that it has from now on.
    pub fn add(&mut self, target: Target) -> TargetKey {
        let key = TargetKey(u32::try_from(self.places.len()).unwrap_or(u32::MAX));
        self.places.push(Some(Box::new(target)));
        key
    }

    pub fn remove(&mut self, key: TargetKey) {
        if let Some(place) = self.places.get_mut(key.0 as usize) {
            *place = None;
        }
    }

    pub fn retain(&mut self, keeps: impl Fn(TargetKey, &Target) -> bool) {
        for (key, place) in (0..).map(TargetKey).zip(&mut self.places) {
            if place.as_ref().is_some_and(|target| !keeps(key, target)) {
                *place = None;
            }
        }
    }

    /// All of them, in order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = &Target> {
        self.places.iter().filter_map(Option::as_deref)
    }
}
