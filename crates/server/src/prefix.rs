//! A stream whose first bytes were read to tell what it is, and are read again by whoever serves it.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use kaigi_packet::demux::{self, Sniff, Stream, TCP_PREFIX};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};

/// A stream with the bytes that were read from it already.
#[derive(Debug)]
pub(crate) struct Prefixed<S> {
    prefix: [u8; TCP_PREFIX],
    start: usize,
    end: usize,
    stream: S,
}

impl<S: AsyncRead + Unpin> Prefixed<S> {
    /// Reads as much as it takes to tell; `None` when it is nothing we speak or ends before it is clear.
    pub(crate) async fn sniff(mut stream: S) -> io::Result<Option<(Stream, Self)>> {
        let mut prefix = [0; TCP_PREFIX];
        let mut end = 0;
        loop {
            let read = stream.read(&mut prefix[end..]).await?;
            end += read;
            match demux::tcp(&prefix[..end]) {
                Sniff::Known(kind) => return Ok(Some((kind, Self { prefix, start: 0, end, stream }))),
                Sniff::Unknown => return Ok(None),
                Sniff::Partial if read == 0 => return Ok(None),
                Sniff::Partial => {}
            }
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Prefixed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.start < self.end {
            let count = buf.remaining().min(self.end - self.start);
            buf.put_slice(&self.prefix[self.start..self.start + count]);
            self.start += count;
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Prefixed<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;

    use super::*;

    #[tokio::test]
    async fn what_was_read_to_tell_is_read_again_even_if_it_came_byte_by_byte() {
        let (mut client, server) = tokio::io::duplex(1);
        let text = b"GET /some/path HTTP/1.1\r\n\r\n";
        let writer = tokio::spawn(async move { client.write_all(text).await });
        let (kind, mut stream) = Prefixed::sniff(server).await.unwrap().unwrap();
        assert_eq!(kind, Stream::Http1);
        let mut read = vec![0; text.len()];
        stream.read_exact(&mut read).await.unwrap();
        assert_eq!(read, text);
        writer.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_stream_that_ends_early_is_nothing() {
        let (mut client, server) = tokio::io::duplex(8);
        client.write_all(b"GE").await.unwrap();
        drop(client);
        assert!(Prefixed::sniff(server).await.unwrap().is_none());
    }
}
