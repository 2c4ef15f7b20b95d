//! The reasons for which the API stops, or refuses to start. Both sets are open: the API adds words at
//! any time.

use std::fmt;

/// Declares an enum for an open set of words, with a variant for unknown ones.
///
/// Each word is written once, so the two conversions cannot disagree.
macro_rules! open_enum {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$doc])* $variant,)+
            /// A word newer than this crate.
            Unknown(String),
        }

        impl $name {
            /// The word of the API.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)+
                    Self::Unknown(word) => word,
                }
            }
        }

        impl From<String> for $name {
            fn from(word: String) -> Self {
                match word.as_str() {
                    $($word => Self::$variant,)+
                    _ => Self::Unknown(word),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

open_enum! {
    /// Why the model stopped writing (`finishReason`).
    ///
    /// ```
    /// use workflow_gemini::FinishReason;
    ///
    /// assert_eq!(FinishReason::from("MAX_TOKENS".to_owned()), FinishReason::MaxTokens);
    /// let new = FinishReason::from("BRAND_NEW".to_owned());
    /// assert_eq!(new.as_str(), "BRAND_NEW");
    /// ```
    FinishReason {
        /// The answer is complete and names no reason.
        Unspecified = "FINISH_REASON_UNSPECIFIED",
        /// The model finished, or wrote a stop sequence.
        Stop = "STOP",
        /// The answer reached `max_output_tokens` and is cut off.
        MaxTokens = "MAX_TOKENS",
        /// The answer was judged unsafe.
        Safety = "SAFETY",
        /// The answer repeated its training material.
        Recitation = "RECITATION",
        /// The language is not supported.
        Language = "LANGUAGE",
        /// A reason that the API does not name.
        Other = "OTHER",
        /// The answer contains forbidden terms.
        Blocklist = "BLOCKLIST",
        /// The answer may contain prohibited content.
        ProhibitedContent = "PROHIBITED_CONTENT",
        /// The answer may contain sensitive personal data.
        Spii = "SPII",
        /// The model wrote a function call that cannot be read.
        MalformedFunctionCall = "MALFORMED_FUNCTION_CALL",
        /// A generated image was judged unsafe.
        ImageSafety = "IMAGE_SAFETY",
        /// A generated image may contain prohibited content.
        ImageProhibitedContent = "IMAGE_PROHIBITED_CONTENT",
        /// An image failed for another reason.
        ImageOther = "IMAGE_OTHER",
        /// The model was expected to make an image, but made none.
        NoImage = "NO_IMAGE",
        /// A generated image repeated its training material.
        ImageRecitation = "IMAGE_RECITATION",
        /// The model called a tool that the request does not have.
        UnexpectedToolCall = "UNEXPECTED_TOOL_CALL",
        /// The model called tools too often in a row.
        TooManyToolCalls = "TOO_MANY_TOOL_CALLS",
        /// The conversation in the request lacks a thought signature.
        MissingThoughtSignature = "MISSING_THOUGHT_SIGNATURE",
        /// The model wrote an answer that cannot be read.
        MalformedResponse = "MALFORMED_RESPONSE",
        /// The request was escalated.
        Escalation = "ESCALATION",
        /// The answer is continued by a further request.
        Continuation = "CONTINUATION",
        /// Blocked by Model Armor, Google's content filter.
        ModelArmor = "MODEL_ARMOR",
        /// The account is limited or disabled for policy reasons.
        PupLimitedDisabled = "PUP_LIMITED_DISABLED",
    }
}

open_enum! {
    /// Why a prompt was blocked before the model wrote anything (`blockReason`).
    BlockReason {
        /// The prompt was judged unsafe.
        Safety = "SAFETY",
        /// A reason that the API does not name.
        Other = "OTHER",
        /// The prompt contains forbidden terms.
        Blocklist = "BLOCKLIST",
        /// The prompt contains prohibited content.
        ProhibitedContent = "PROHIBITED_CONTENT",
        /// An image was judged unsafe.
        ImageSafety = "IMAGE_SAFETY",
        /// Blocked by Model Armor, Google's content filter.
        ModelArmor = "MODEL_ARMOR",
        /// The prompt tries to circumvent the model's rules.
        Jailbreak = "JAILBREAK",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_and_unknown_words_survive_a_round_trip() {
        for word in ["STOP", "MAX_TOKENS", "SPII", "CONTINUATION", "BRAND_NEW"] {
            assert_eq!(FinishReason::from(word.to_owned()).as_str(), word);
        }
        let new = FinishReason::from("BRAND_NEW".to_owned());
        assert_eq!(new, FinishReason::Unknown("BRAND_NEW".to_owned()));
        assert_eq!(BlockReason::from("OTHER".to_owned()), BlockReason::Other);
    }
}
