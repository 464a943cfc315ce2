// The subscriber of npm's `zeromq`, for tests where no npm registry is reached: the same three names over the real
// protocol (ZMTP 3.0 with NULL, https://rfc.zeromq.org/spec/23). One connection; no reconnecting, no other socket.
import net from "node:net";

const MORE = 1, LONG = 2, COMMAND = 4;

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

export class Subscriber {
    #socket;

    connect(endpoint) {
        const [, host, port] = endpoint.match(/^tcp:\/\/(.+):(\d+)$/);
        this.#socket = net.connect(Number(port), host);
        this.#socket.write(Buffer.concat([greeting(), ready()]));
    }

    subscribe(...topics) {
        for (const topic of topics) this.#socket.write(frame(0, Buffer.from("\x01" + topic)));
    }

    async *[Symbol.asyncIterator]() {
        let buffer = Buffer.alloc(0), isGreeted = false, frames = [];
        for await (const piece of this.#socket) {
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
}
