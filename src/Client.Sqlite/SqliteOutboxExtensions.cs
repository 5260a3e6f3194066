using Avocet.Client.Storage;

namespace Avocet.Client;

/// <summary>Adds the outbox on disk to <see cref="Outbox"/>.</summary>
public static class SqliteOutboxExtensions
{
    extension(Outbox)
    {
        /// <summary>
        /// An outbox whose QoS 1 and 2 messages survive a restart of the program. The client needs a <see cref="MqttClientOptions.ClientId"/>, so that it finds
        /// its session again. One program at a time may use a file.
        /// </summary>
        /// <param name="path">The file; made when it is not there.</param>
        /// <param name="messagesMax">Messages that may wait.</param>
        /// <param name="bytesMax">Bytes of topics and payloads that may wait. They are held in memory too.</param>
        public static Outbox OnDisk(string path, int messagesMax = 100_000, long bytesMax = 256 * 1024 * 1024)
        {
            ArgumentException.ThrowIfNullOrEmpty(path);
            return new SqliteOutbox(path, messagesMax, bytesMax);
        }
    }
}
