//! The sources of reports that can be named: mapping files of this program, and those of the
//! operator. Another source can be sent with the file.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use import::reports::{Source, SourceError};

/// Mapping files that the program brings along, as samples to copy and to use.
const BUILT_IN: [&str; 3] = [
    include_str!("../../../config/imports/hotline-12345.toml"),
    include_str!("../../../config/imports/sf311.toml"),
    include_str!("../../../config/imports/taidi2020.toml"),
];

/// Sources by key. Cheap to clone.
#[derive(Clone)]
pub struct Sources(Arc<BTreeMap<String, Arc<Source>>>);

impl Default for Sources {
    fn default() -> Self {
        let read = |text| Source::from_toml(text).expect("a mapping of the program's own is sound");
        let sources = BUILT_IN.into_iter().map(read);
        Self(Arc::new(sources.map(|source| (source.key.clone(), Arc::new(source))).collect()))
    }
}

/// Keys alone: there is nothing else to see.
impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Sources {
    /// The same, and one more by its mapping file, which takes the place of one of the same key.
    ///
    /// # Errors
    /// What is wrong with the mapping.
    pub fn with(&self, text: &str) -> Result<Self, SourceError> {
        let source = Source::from_toml(text)?;
        let mut sources = self.0.as_ref().clone();
        sources.insert(source.key.clone(), Arc::new(source));
        Ok(Self(Arc::new(sources)))
    }

    pub(crate) fn get(&self, key: &str) -> Option<Arc<Source>> {
        self.0.get(key).cloned()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Source> {
        self.0.values().map(Arc::as_ref)
    }
}
