//! What a user of the program sees, by subject. One test program, since each takes its time to link.

mod support;

mod attaching;
mod auditors;
mod compatibility;
mod disk;
mod ends;
mod family;
mod fault_reports;
mod first_minutes;
mod hostile;
mod inspect;
mod joining;
mod journey;
mod keys;
mod named_commands;
mod newcomers;
mod numbers;
mod output;
mod outputs;
mod paths;
mod published_model;
mod relatives;
mod releases;
mod schemas;
mod secrets;
mod strangers;
mod verdicts;
mod views;
mod whole_folders;
mod words;
mod writers;
