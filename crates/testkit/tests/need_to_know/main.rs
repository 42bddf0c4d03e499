//! Need to know, over the simulator (S7): what is shown before it leaves is what leaves, people can
//! only narrow it, what was given can be taken back, and nobody holds a byte that is not for them.

mod canary;
mod interference;
mod limits;
mod line;
mod preview;
mod reading;
mod withdrawal;
