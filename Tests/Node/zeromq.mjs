// The subscriber of npm's `zeromq`, for tests where no npm registry is reached: the same three names over the real
// protocol (ZMTP 3.0 with NULL, https://rfc.zeromq.org/spec/23). One connection, made again until it stands and
// after it breaks, as every ZeroMQ socket does; no other kind of socket.
import net from "node:net";
import { setTimeout } from "node:timers/promises";

const MORE = 1, LONG = 2, COMMAND = 4, RECONNECT_MS = 20;

function greeting() {
    const bytes = Buffer.alloc(64);
    bytes[0] = 0xff;
    bytes[9] = 0x7f;
    bytes[10] = 3;
    bytes.write("NULL", 12);
    return bytes;
}

function frame(flags, body) {
    return Buffer.concat([Buffer.from([flags, body.length]), body]);
}

function ready() {
    const [name, value] = [Buffer.from("Socket-Type"), Buffer.from("SUB")];
    const length = Buffer.alloc(4);
    length.writeUInt32BE(value.length);
    const words = [Buffer.from("\x05READY"), Buffer.from([name.length]), name, length, value];
    return frame(COMMAND, Buffer.concat(words));
}

// The messages of one connection, each an array of its frames.
async function* messages(socket) {
    let buffer = Buffer.alloc(0), isGreeted = false, frames = [];
    for await (const piece of socket) {
        buffer = Buffer.concat([buffer, piece]);
        if (!isGreeted) {
            if (buffer.length < 64) continue;
            if (buffer[0] !== 0xff || buffer[10] < 3) throw new Error("the other side speaks no ZMTP 3");
            [buffer, isGreeted] = [buffer.subarray(64), true];
        }
        while (buffer.length >= 2) {
            const isLong = (buffer[0] & LONG) !== 0, head = isLong ? 9 : 2;
            if (buffer.length < head) break;
            const length = isLong ? Number(buffer.readBigUInt64BE(1)) : buffer[1];
            if (buffer.length < head + length) break;
            const [flags, body] = [buffer[0], buffer.subarray(head, head + length)];
            buffer = buffer.subarray(head + length);
            if (flags & COMMAND) continue;
            frames.push(body);
            if (flags & MORE) continue;
            yield frames;
            frames = [];
        }
    }
}

export class Subscriber {
    #address;
    #topics = [];

    connect(endpoint) {
        const [, host, port] = endpoint.match(/^tcp:\/\/(.+):(\d+)$/);
        this.#address = { host, port: Number(port) };
    }

    subscribe(...topics) {
        this.#topics.push(...topics);
    }

    async *[Symbol.asyncIterator]() {
        for (;;) {
            const socket = net.connect(this.#address);
            socket.write(Buffer.concat([greeting(), ready()]));
            for (const topic of this.#topics) socket.write(frame(0, Buffer.from("\x01" + topic)));
            try {
                yield* messages(socket);
            } catch (error) {
                if (error.syscall === undefined) throw error;
            }
            await setTimeout(RECONNECT_MS);
        }
    }
}
