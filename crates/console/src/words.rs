//! Every word that people read, in Chinese and English, from the Fluent files in `locales/`.

mod book;

use std::sync::LazyLock;

use hyper::header::HeaderValue;

use book::Book;

/// A language of the console.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Language {
    /// Chinese: the first, and what is spoken where nothing is asked for.
    Zh,
    /// English.
    En,
}

macro_rules! files {
    ($($name:literal),*) => {
        /// The files of each language: name, Chinese, English.
        pub(crate) const FILES: &[(&str, &str, &str)] = &[$((
            $name,
            include_str!(concat!("../locales/zh/", $name, ".ftl")),
            include_str!(concat!("../locales/en/", $name, ".ftl")),
        )),*];
    };
}

// One file for every role, so that two people can add words at the same time.
files![
    "frame", "trouble", "resident", "case", "worker", "desk", "operator", "policy", "files",
    "leader", "paper", "map"
];

static BOOKS: LazyLock<[Book; 2]> = LazyLock::new(|| {
    let read = |texts: Vec<&str>| Book::read(&texts).expect("a test reads every file of words");
    [
        read(FILES.iter().map(|(_, zh, _)| *zh).collect()),
        read(FILES.iter().map(|(_, _, en)| *en).collect()),
    ]
});

impl Language {
    /// The tag (BCP 47) that pages and requests bear.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Zh => "zh-CN",
            Self::En => "en",
        }
    }

    /// What `Accept-Language` prefers (RFC 9110 §12.5.4); Chinese where it is silent.
    pub(crate) fn asked(header: Option<&HeaderValue>) -> Self {
        let text = header.and_then(|value| value.to_str().ok()).unwrap_or_default();
        let weight = |language: &str| {
            let ranges = text.split(',').filter_map(|range| {
                let mut parts = range.split(';');
                let tag = parts.next()?.trim().to_ascii_lowercase();
                let weight = parts.find_map(|part| part.trim().strip_prefix("q="));
                let weight = weight.map_or(Some(1.0), |weight| weight.parse::<f32>().ok())?;
                (tag.split('-').next() == Some(language)).then_some(weight)
            });
            ranges.fold(0.0_f32, f32::max)
        };
        if weight("en") > weight("zh") { Self::En } else { Self::Zh }
    }

    fn book(self) -> &'static Book {
        match self {
            Self::Zh => &BOOKS[0],
            Self::En => &BOOKS[1],
        }
    }
}

/// The words of a language.
#[derive(Clone, Copy)]
pub(crate) struct Words(pub(crate) Language);

impl Words {
    /// Words by key, with their values filled in. A key that is missing is shown as itself; a test
    /// finds it before anybody does.
    pub(crate) fn say(self, key: &str, values: &[(&str, String)]) -> String {
        self.0.book().say(key, values).unwrap_or_else(|| key.to_owned())
    }

    /// Words for one of a family: `family-member`, or the member's own code where it is new.
    pub(crate) fn member(self, family: &str, member: &str) -> String {
        self.known(family, member).unwrap_or_else(|| member.to_owned())
    }

    /// As [`Words::member`], where there are words for it.
    pub(crate) fn known(self, family: &str, member: &str) -> Option<String> {
        self.0.book().say(&format!("{family}-{}", member.replace('_', "-")), &[])
    }

    /// What to do next about a trouble.
    pub(crate) fn next_step(self, code: &str) -> String {
        self.known("next", code).unwrap_or_else(|| self.say("next-otherwise", &[]))
    }

    /// What to do next on the form itself, where it stands there again.
    pub(crate) fn mending(self, code: &str) -> String {
        self.known("next", code).unwrap_or_else(|| self.say("mend-here", &[]))
    }

    /// Whether a key is known.
    #[cfg(test)]
    pub(crate) fn knows(self, key: &str) -> bool {
        self.0.book().keys().any(|known| known == key)
    }
}

#[cfg(test)]
mod tests;
