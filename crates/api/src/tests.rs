//! The whole API in process: a real engine over a store in memory, no ports, and every answer held
//! against the OpenAPI document.

mod canary;
mod cases;
mod connections;
mod cross_site;
mod document;
mod events;
mod factors;
mod federation;
mod finding;
mod ground;
mod heads;
mod hostile;
mod house;
mod imports;
mod keys;
mod logins;
mod matrix;
mod matters;
mod numbers;
mod people;
mod photos;
mod powers;
mod reading;
mod repeats;
mod residents;
mod schema;
mod stale;
mod swept;
mod views;
