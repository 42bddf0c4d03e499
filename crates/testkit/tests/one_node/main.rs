//! Stories of one node that works by itself: its places, its people and their papers.

mod ground;
mod node;
mod people;
