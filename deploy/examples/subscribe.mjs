// Prints every trade as it happens. Needs zeromq (npm install zeromq). Usage: node subscribe.mjs [ENDPOINT [TOPIC]]
import { Subscriber } from "zeromq";

const [endpoint = "tcp://127.0.0.1:5561", topic = "trade/"] = process.argv.slice(2);

const subscriber = new Subscriber();
subscriber.connect(endpoint);
subscriber.subscribe(topic);

for await (const [name, event] of subscriber) console.log(name.toString(), event.toString());
