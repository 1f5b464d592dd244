//! Small domains with defects that are there on purpose, one at a time: the checker must find each of them.

mod cases;
mod defect;
mod found;
mod hotel;
mod page;
mod reduced;
mod shop;
mod trip;
