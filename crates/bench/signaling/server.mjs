// The same as Kaigi's namespace /meet does with these requests, on Node.js: rooms, a message to one, a message to all, who is
// there. Without limits, checks of names, tokens or history, which all cost something.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { Server } from 'socket.io';

const { PORT, CERT, KEY } = process.env;
const server = CERT ? https.createServer({ cert: readFileSync(CERT), key: readFileSync(KEY) }) : http.createServer();
// As Kaigi has it.
const io = new Server(server, { pingInterval: 10_000, pingTimeout: 15_000, maxHttpBufferSize: 192 * 1024 });
const rooms = new Map();
let line = 0;

io.of('/meet').on('connection', (socket) => {
  let seat;
  socket.on('join', ({ room, name, media }, answer) => {
    if (seat) return answer({ error: { code: 'already-joined', message: 'in a room already' } });
    const id = randomBytes(12).toString('base64url');
    const members = rooms.get(room) ?? new Map();
    rooms.set(room, members);
    const participant = { id, name, media, connected: true, incarnation: 0, joinedAt: Date.now(), host: members.size === 0 };
    const participants = [...members.values()].map((member) => member.participant);
    seat = { room, id, name, members };
    members.set(id, { participant, socket });
    socket.join(room);
    answer({ ok: { outcome: 'new', room, participant, participants } });
    socket.to(room).emit('participant-joined', participant);
    socket.to(room).emit('chat', { id: (line += 1), at: Date.now(), from: id, name, body: { type: 'joined' } });
  });
  socket.on('signal', ({ to, incarnation, seq, payload }, answer) => {
    const member = seat?.members.get(to);
    if (!member) return answer({ error: { code: 'no-such-participant', message: 'not in this room' } });
    member.socket.emit('signal', { from: seat.id, incarnation, seq, payload });
    answer({ ok: {} });
  });
  socket.on('chat', ({ text }, answer) => {
    if (!seat) return answer({ error: { code: 'not-joined', message: 'join a room first' } });
    const entry = { id: (line += 1), at: Date.now(), from: seat.id, name: seat.name, body: { type: 'text', text } };
    answer({ ok: { id: entry.id } });
    io.of('/meet').to(seat.room).emit('chat', entry);
  });
  socket.on('disconnect', () => {
    if (!seat) return;
    seat.members.delete(seat.id);
    if (seat.members.size === 0) rooms.delete(seat.room);
    socket.to(seat.room).emit('participant-left', { id: seat.id, reason: 'left' });
  });
});

server.listen(Number(PORT), '127.0.0.1');
