namespace Avocet.Security.Access;

/// <summary>What a client wants.</summary>
internal enum AclAction
{
    Publish,
    Subscribe,
    Receive,
}
