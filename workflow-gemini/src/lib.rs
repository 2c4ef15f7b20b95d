//! workflow-gemini.
