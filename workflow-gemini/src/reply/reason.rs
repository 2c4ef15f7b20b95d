//! Why the API stopped, or refused to start: open sets of words.

use std::fmt;

/// An enum for a set of words the API may add to at any time.
macro_rules! open_words {
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
            /// The API's own word for it.
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

open_words! {
    /// Why the model stopped writing.
    FinishReason {
        /// The answer came whole and named no reason.
        Unspecified = "FINISH_REASON_UNSPECIFIED",
        /// The model was done, or met a stop sequence.
        Stop = "STOP",
        /// The answer reached `max_output_tokens`: it is cut off.
        MaxTokens = "MAX_TOKENS",
        /// The answer was judged unsafe.
        Safety = "SAFETY",
        /// The answer repeated its training material.
        Recitation = "RECITATION",
        /// The language is not supported.
        Language = "LANGUAGE",
        /// Unknown to the API itself.
        Other = "OTHER",
        /// The answer holds forbidden terms.
        Blocklist = "BLOCKLIST",
        /// The answer may hold prohibited content.
        ProhibitedContent = "PROHIBITED_CONTENT",
        /// The answer may hold sensitive personal data.
        Spii = "SPII",
        /// The model wrote a function call that cannot be read.
        MalformedFunctionCall = "MALFORMED_FUNCTION_CALL",
        /// A generated image was judged unsafe.
        ImageSafety = "IMAGE_SAFETY",
        /// A generated image may hold prohibited content.
        ImageProhibitedContent = "IMAGE_PROHIBITED_CONTENT",
        /// An image failed for another reason.
        ImageOther = "IMAGE_OTHER",
        /// The model was to make an image and made none.
        NoImage = "NO_IMAGE",
        /// A generated image repeated its training material.
        ImageRecitation = "IMAGE_RECITATION",
        /// The model called a tool it was not given.
        UnexpectedToolCall = "UNEXPECTED_TOOL_CALL",
        /// The model called tools too often in a row.
        TooManyToolCalls = "TOO_MANY_TOOL_CALLS",
        /// The conversation sent lacks a thought signature.
        MissingThoughtSignature = "MISSING_THOUGHT_SIGNATURE",
        /// The model wrote an answer that cannot be read.
        MalformedResponse = "MALFORMED_RESPONSE",
        /// The request was escalated.
        Escalation = "ESCALATION",
        /// The answer goes on in a further request.
        Continuation = "CONTINUATION",
        /// Refused by Model Armor.
        ModelArmor = "MODEL_ARMOR",
        /// The account is limited or disabled for reasons of policy.
        PupLimitedDisabled = "PUP_LIMITED_DISABLED",
    }
}

open_words! {
    /// Why a prompt was refused before anything was written.
    BlockReason {
        /// The prompt was judged unsafe.
        Safety = "SAFETY",
        /// Unknown to the API itself.
        Other = "OTHER",
        /// The prompt holds forbidden terms.
        Blocklist = "BLOCKLIST",
        /// The prompt holds prohibited content.
        ProhibitedContent = "PROHIBITED_CONTENT",
        /// An image was judged unsafe.
        ImageSafety = "IMAGE_SAFETY",
        /// Refused by Model Armor.
        ModelArmor = "MODEL_ARMOR",
        /// The prompt tries to talk the model out of its rules.
        Jailbreak = "JAILBREAK",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_and_written_alike_also_those_not_known() {
        for word in ["STOP", "MAX_TOKENS", "SPII", "CONTINUATION", "BRAND_NEW"] {
            assert_eq!(FinishReason::from(word.to_owned()).as_str(), word);
        }
        let new = FinishReason::from("BRAND_NEW".to_owned());
        assert_eq!(new, FinishReason::Unknown("BRAND_NEW".to_owned()));
        assert_eq!(BlockReason::from("OTHER".to_owned()), BlockReason::Other);
    }
}
