// Subscribes, publishes at each QoS and prints what comes back; the test reads the lines. Usage: node client.js URL PROTOCOL_VERSION
'use strict';

const mqtt = require('mqtt');

const [url, protocolVersion] = process.argv.slice(2);
const client = mqtt.connect(url, { protocolVersion: Number(protocolVersion), reconnectPeriod: 0, connectTimeout: 10_000 });
const expected = 3;
let received = 0;

function fail(error) {
  console.error(String(error));
  process.exit(1);
}

setTimeout(() => fail('timed out'), 15_000).unref();
client.on('error', fail);
client.on('message', (topic, payload, packet) => {
  console.log(`${topic} ${payload} ${packet.qos}`);
  received += 1;
  if (received === expected) client.end(false, {}, () => process.exit(0));
});
client.on('connect', () => {
  client.subscribe('home/#', { qos: 2 }, (error) => {
    if (error) fail(error);
    for (const qos of [0, 1, 2]) client.publish('home/temperature', `22.${qos}`, { qos }, (problem) => problem && fail(problem));
  });
});
