//! The phrases of simulated texts. `{}` stands for the topic.

pub(super) const FIRST_SENTENCES: [&str; 4] = [
    "Here is a first view of {}.",
    "{} has two sides.",
    "A few words on {}.",
    "{}: what is known, and what is open.",
];

pub(super) const SECOND_SENTENCES: [&str; 4] = [
    "Most of it is known, and some of it is disputed.",
    "The short version fits on one page.",
    "It matters more than it seems.",
    "Three points stand out.",
];

/// What each version of a text adds to the one before it.
pub(super) const ADDITIONS: [&str; 4] = [
    "An example makes it concrete: in a small trial, two of three people chose it.",
    "The figures behind it are few but consistent.",
    "What remains open is the cost over several years.",
    "All in all, it is worth a try.",
];

pub(super) const EXPLANATIONS: [&str; 3] = [
    "is about small parts that act together, so that the whole does what none of them does alone.",
    "follows from two simple rules that are applied over and over.",
    "describes how something changes when its surroundings change.",
];

/// The beginning, the middle and the end of a reply to a message.
pub(super) const REPLY: [[&str; 3]; 3] = [
    [
        "Thank you for your message:",
        "We have read your message:",
        "Thank you for writing to us:",
    ],
    [
        "We have looked into it and will put it right.",
        "We are sorry for the trouble.",
        "A colleague is looking into it.",
    ],
    [
        "You will hear from us within two days.",
        "Just reply to this message if anything is missing.",
        "We will write to you by Friday.",
    ],
];

pub(super) const STRENGTHS: [&str; 4] = [
    "It is quick to start with",
    "It costs little to keep",
    "It fits into a small space",
    "People understand it at once",
];

pub(super) const WEAKNESSES: [&str; 4] = [
    "It needs care to last",
    "It is slower than it looks",
    "It does not suit everyone",
    "Spare parts are hard to find",
];

pub(super) const IDEAS: [&str; 4] = [
    "Start with the smallest part",
    "Ask the people who use it",
    "Measure before and after",
    "Write down what was learned",
];

pub(super) const REMARKS: [&str; 4] = [
    "The second sentence is too long.",
    "One word is too strong.",
    "The beginning could be clearer.",
    "The end comes too suddenly.",
];

pub(crate) const TITLES: [&str; 5] = [
    "{}: the essentials",
    "{}: what it costs",
    "{}: who gains",
    "{}: in ten years",
    "{}: the case against",
];

pub(crate) const QUESTIONS: [&str; 5] = [
    "What is known about {}?",
    "Which costs come with {}?",
    "Who gains from {}?",
    "What are the alternatives to {}?",
    "What would change our mind about {}?",
];
