//! A streamed request, from its sending to its last chunk.

use std::{collections::VecDeque, mem};

use crate::{
    answer::Answer,
    body::Body,
    client::{GeminiClient, Method},
    error::GeminiError,
    reply::Chunk,
    request::GenerateRequest,
    stream::Documents,
    wire::{Unreadable, responses},
};

/// Where a streamed request is.
pub(crate) enum Exchange {
    /// Not sent yet.
    Asking(GeminiClient, Box<GenerateRequest>),
    /// Its answer is coming.
    Reading(Box<Reading>),
    /// It has ended.
    Over,
}

impl Exchange {
    pub(crate) fn new(client: GeminiClient, request: GenerateRequest) -> Self {
        Self::Asking(client, Box::new(request))
    }

    /// The next chunk, and where the request is then.
    pub(crate) async fn advance(self) -> Result<Option<(Chunk, Self)>, GeminiError> {
        let mut reading = match self {
            Self::Asking(client, request) => Reading::open(&client, &request).await?,
            Self::Reading(reading) => reading,
            Self::Over => return Ok(None),
        };
        let chunk = reading.next().await?;
        let next = match chunk {
            Chunk::Done(_) => Self::Over,
            _ => Self::Reading(reading),
        };
        Ok(Some((chunk, next)))
    }
}

/// An answer that is coming.
pub(crate) struct Reading {
    body: Body,
    documents: Documents,
    answer: Answer,
    news: VecDeque<Chunk>,
    /// Whether anything came that looks like the API's.
    began: bool,
    ended: bool,
}

impl Reading {
    async fn open(
        client: &GeminiClient,
        request: &GenerateRequest,
    ) -> Result<Box<Self>, GeminiError> {
        let body = client.call(Method::Streamed, request).await?;
        Ok(Box::new(Self {
            body,
            documents: Documents::default(),
            answer: Answer::to(request),
            news: VecDeque::new(),
            began: false,
            ended: false,
        }))
    }

    async fn next(&mut self) -> Result<Chunk, GeminiError> {
        loop {
            if let Some(news) = self.news.pop_front() {
                return Ok(news);
            }
            if let Some(document) = self.documents.next() {
                self.read(&document)?;
            } else if self.ended {
                return self.finish();
            } else {
                self.more().await?;
            }
        }
    }

    fn read(&mut self, document: &[u8]) -> Result<(), GeminiError> {
        let parts = match responses(document) {
            Ok(parts) => parts,
            Err(Unreadable::CutOff) if self.answer.is_complete() => return Ok(()),
            Err(Unreadable::CutOff) => return Err(GeminiError::Interrupted { source: None }),
            Err(Unreadable::Foreign) => return Err(self.body.foreign(document)),
        };
        self.began = true;
        for part in parts {
            self.answer.add(part, &mut self.news)?;
        }
        Ok(())
    }

    /// Reads more bytes. Behind a complete answer only the end can come, and how it comes does
    /// not matter.
    async fn more(&mut self) -> Result<(), GeminiError> {
        let piece = if self.answer.is_complete() {
            self.body.next_after_the_end().await.unwrap_or_default()
        } else {
            self.body.next().await?
        };
        if let Some(piece) = piece {
            self.documents.push(&piece);
        } else {
            self.documents.end();
            self.ended = true;
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<Chunk, GeminiError> {
        if !self.began && self.body.is_foreign() {
            return Err(self.body.foreign_head());
        }
        if !self.answer.is_complete() {
            return Err(GeminiError::Interrupted { source: None });
        }
        let reply = mem::take(&mut self.answer).finish()?;
        Ok(Chunk::Done(Box::new(reply)))
    }
}
