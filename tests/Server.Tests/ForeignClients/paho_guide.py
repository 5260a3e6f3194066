import sys

import paho.mqtt.client as mqtt

broker_address = sys.argv[1]

# From here on: the guide's script, unchanged.
client = mqtt.Client("SmartHome_Sensor_01"); client.connect(broker_address, 1883); client.publish("home/livingroom/temperature", "22.5")
