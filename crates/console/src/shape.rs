//! What the API answers, as far as pages show it. What a newer API says besides is passed over.

pub(crate) mod case;
pub(crate) mod ledger;
pub(crate) mod me;
pub(crate) mod name;
pub(crate) mod numbers;
pub(crate) mod person;
pub(crate) mod public;
