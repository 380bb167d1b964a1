import { expect, it } from 'vitest';
import { linkify } from '../src/chat/linkify';

const links = (text: string) =>
  linkify(text)
    .filter((piece) => piece.type === 'link')
    .map((piece) => piece.value);

it.each([
  ['see https://example.org/a', ['https://example.org/a']],
  ['https://example.org.', ['https://example.org']],
  ['(https://example.org/wiki/Call_(telephone)).', ['https://example.org/wiki/Call_(telephone)']],
  ['请看https://example.org/页面。谢谢', ['https://example.org/页面']],
  ['请看 https://example.org/a，谢谢', ['https://example.org/a']],
  ['「https://example.org/a」', ['https://example.org/a']],
  [
    'HTTPS://Example.org/X and http://b.example:8080/?q=1&r=2#z!',
    ['HTTPS://Example.org/X', 'http://b.example:8080/?q=1&r=2#z'],
  ],
  ['"https://example.org/q?x=[1]"', ['https://example.org/q?x=[1]']],
])('finds the links in %j', (text, expected) => {
  expect(links(text)).toEqual(expected);
});

it.each([
  'javascript:alert(1)',
  'data:text/html,x',
  'https://',
  'http:// example',
  'ftp://example.org',
  'plain text',
])('finds no link in %j', (text) => {
  expect(links(text)).toEqual([]);
});

it('loses no character, line breaks and markup included', () => {
  const text = '<b>a</b>\nhttps://a.example/1\n\nb https://b.example/2?x=<script> 🎉';
  expect(
    linkify(text)
      .map((piece) => piece.value)
      .join(''),
  ).toBe(text);
});
