using Avocet.Broker.Storage;
using Avocet.Storage.RocksDb;
using Avocet.Storage.Tests.Support;

namespace Avocet.Storage.Tests;

public sealed class RocksDbStoreTests : StoreContractTests
{
    private readonly TemporaryFolder _folder = new();

    protected override IStore Open() => RocksDbStore.Open(_folder.Path);

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        _folder.Dispose();
    }
}
