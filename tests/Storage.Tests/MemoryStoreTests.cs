using Avocet.Broker.Storage;

namespace Avocet.Storage.Tests;

public sealed class MemoryStoreTests : StoreContractTests
{
    private readonly MemoryStore _store = new();

    protected override IStore Open() => _store;
}
