/** Words for devices and claims for them (k8s.io/api, resource/v1). */
import type { Words } from './open-api-words.ts';

const DEVICES = 'io.k8s.api.resource.v1';

const PLACE = {
  driver: 'Who the device is of.',
  pool: 'The pool that it is in.',
  device: 'Its name there.',
};
const SHARE = { shareID: 'Which part of the device it is, where several have it.' };
const CONFIGURED = {
  requests: 'The requests that it is for; all where none is named.',
  opaque: 'Something that only the driver understands.',
};
const WANTED = {
  deviceClassName: 'The class that the devices are of.',
  selectors: 'What each device has to fulfil.',
  allocationMode: 'ExactCount: so many. All: every one that there is.',
  count: 'How many.',
  tolerations: 'Taints of devices that do not matter.',
  capacity: 'How much of each device is needed.',
};
const BINDING = {
  bindingConditions: 'What has to be told of a device before a pod is bound to its node.',
  bindingFailureConditions: 'What is told of a device when that cannot be.',
};

export const DEVICE_DESCRIPTIONS: Words = {
  [`${DEVICES}.DeviceClass`]: {
    is: 'Devices that an administrator has made ready to be claimed.',
    fields: { spec: 'Which devices, and how they are set up.' },
  },
  [`${DEVICES}.DeviceClassSpec`]: {
    is: 'Which devices a class has, and how they are set up.',
    fields: {
      selectors: 'What each device has to fulfil.',
      config: 'How the drivers set the devices up.',
      extendedResourceName: 'A resource of containers that these devices are given for.',
    },
  },
  [`${DEVICES}.DeviceClassConfiguration`]: {
    is: 'How a driver sets devices of a class up.',
    fields: { opaque: CONFIGURED.opaque },
  },
  [`${DEVICES}.DeviceSelector`]: {
    is: 'What a device has to fulfil.',
    fields: { cel: 'As an expression.' },
  },
  [`${DEVICES}.CELDeviceSelector`]: {
    is: 'An expression in CEL about a device.',
    fields: { expression: 'True for devices that are meant.' },
  },
  [`${DEVICES}.OpaqueDeviceConfiguration`]: {
    is: 'Something that only a driver understands.',
    fields: { driver: 'The driver.', parameters: 'Any JSON object.' },
  },
  [`${DEVICES}.ResourceClaim`]: {
    is: 'A claim for devices, and what it has got.',
    fields: { spec: 'What is claimed. It never changes.', status: 'What it has got.' },
  },
  [`${DEVICES}.ResourceClaimSpec`]: {
    is: 'What is claimed.',
    fields: { devices: 'The devices.' },
  },
  [`${DEVICES}.ResourceClaimTemplate`]: {
    is: 'What claims of pods are made of.',
    fields: { spec: 'What each claim is. It never changes.' },
  },
  [`${DEVICES}.ResourceClaimTemplateSpec`]: {
    is: 'What each claim is.',
    fields: { spec: 'What is claimed.' },
  },
  [`${DEVICES}.DeviceClaim`]: {
    is: 'Devices that are claimed.',
    fields: {
      requests: 'Which devices, each under a name.',
      constraints: 'What has to hold for several of them together.',
      config: 'How the drivers set them up.',
    },
  },
  [`${DEVICES}.DeviceClaimConfiguration`]: {
    is: 'How a driver sets devices of a claim up.',
    fields: CONFIGURED,
  },
  [`${DEVICES}.DeviceConstraint`]: {
    is: 'What has to hold for several devices together.',
    fields: {
      requests: 'The requests that they are for; all where none is named.',
      matchAttribute: 'An attribute that is the same for all of them.',
      distinctAttribute: 'An attribute that is another for each of them.',
    },
  },
  [`${DEVICES}.DeviceRequest`]: {
    is: 'Some devices under a name.',
    fields: {
      name: 'What containers call them.',
      exactly: 'These devices.',
      firstAvailable: 'The first of these that there are.',
    },
  },
  [`${DEVICES}.ExactDeviceRequest`]: {
    is: 'Some devices of a class.',
    fields: {
      ...WANTED,
      adminAccess: 'Whether others may have them all the same: to look at them.',
    },
  },
  [`${DEVICES}.DeviceSubRequest`]: {
    is: 'Some devices of a class, one of several ways.',
    fields: { ...WANTED, name: 'What it is called.' },
  },
  [`${DEVICES}.CapacityRequirements`]: {
    is: 'How much of a device is needed.',
    fields: { requests: 'How much of what.' },
  },
  [`${DEVICES}.DeviceToleration`]: {
    is: 'A taint of devices that does not matter.',
    fields: {
      key: 'The key of the taint; any where nothing is said.',
      operator: 'Exists: whatever its value is. Equal: of this value.',
      value: 'The value of the taint.',
      effect: 'What the taint does; anything where nothing is said.',
      tolerationSeconds: 'For how long it does not matter.',
    },
  },
  [`${DEVICES}.ResourceClaimStatus`]: {
    is: 'What a claim has got.',
    fields: {
      allocation: 'The devices.',
      reservedFor: 'Who uses them.',
      devices: 'What the drivers tell of them.',
    },
  },
  [`${DEVICES}.ResourceClaimConsumerReference`]: {
    is: 'Who uses a claim: a pod, mostly.',
    fields: {
      apiGroup: 'Its group; empty for the core group.',
      resource: 'Its resource: pods.',
      name: 'Its name.',
      uid: 'Its identity.',
    },
  },
  [`${DEVICES}.AllocationResult`]: {
    is: 'Devices that a claim has got.',
    fields: {
      devices: 'The devices.',
      nodeSelector: 'Nodes that they can be used on; all where nothing is said.',
      allocationTimestamp: 'Since when it has them.',
    },
  },
  [`${DEVICES}.DeviceAllocationResult`]: {
    is: 'Devices that a claim has got, and how they are set up.',
    fields: { results: 'The devices.', config: 'How the drivers set them up.' },
  },
  [`${DEVICES}.DeviceAllocationConfiguration`]: {
    is: 'How a driver sets devices up.',
    fields: { ...CONFIGURED, source: 'Whether the class or the claim says so.' },
  },
  [`${DEVICES}.DeviceRequestAllocationResult`]: {
    is: 'A device that a claim has got.',
    fields: {
      ...PLACE,
      ...SHARE,
      ...BINDING,
      request: 'The request that it is for.',
      adminAccess: 'Whether others may have it all the same.',
      tolerations: 'Taints of it that do not matter.',
      consumedCapacity: 'How much of it the claim has got.',
    },
  },
  [`${DEVICES}.AllocatedDeviceStatus`]: {
    is: 'What a driver tells of a device that a claim has got.',
    fields: {
      ...PLACE,
      ...SHARE,
      conditions: 'How it is, for programs.',
      data: 'Anything else, as JSON.',
      networkData: 'Of a device of the network: where it is reached.',
    },
  },
  [`${DEVICES}.NetworkDeviceData`]: {
    is: 'Where a device of the network is reached.',
    fields: {
      interfaceName: 'What the pod calls it.',
      ips: 'Its addresses, each with the length of its network.',
      hardwareAddress: 'Its address in the network below.',
    },
  },
  [`${DEVICES}.ResourceSlice`]: {
    is: 'Devices that a driver tells of.',
    fields: { spec: 'The devices, and where they are.' },
  },
  [`${DEVICES}.ResourceSliceSpec`]: {
    is: 'Devices, and where they are.',
    fields: {
      driver: 'Who tells of them. It never changes.',
      pool: 'What they belong to.',
      nodeName: 'The node that they are of. It never changes.',
      nodeSelector: 'Nodes that they can be used on.',
      allNodes: 'They can be used on every node.',
      devices: 'The devices.',
      perDeviceNodeSelection: 'Each device says by itself where it can be used.',
      sharedCounters: 'What devices of the pool take from each other.',
    },
  },
  [`${DEVICES}.ResourcePool`]: {
    is: 'What devices belong to.',
    fields: {
      name: 'What it is called.',
      generation: 'Larger each time when it changes: only slices of the largest hold.',
      resourceSliceCount: 'How many slices it has.',
    },
  },
  [`${DEVICES}.Device`]: {
    is: 'A device.',
    fields: {
      ...BINDING,
      name: 'What it is called in its pool.',
      attributes: 'What it is like.',
      capacity: 'How much it has of what.',
      consumesCounters: 'What it takes from other devices.',
      nodeName: 'The node that it is of.',
      nodeSelector: 'Nodes that it can be used on.',
      allNodes: 'It can be used on every node.',
      taints: 'What keeps claims away from it.',
      bindsToNode: 'Whether whoever has it can run on the node only for which it was chosen.',
      allowMultipleAllocations: 'Whether several claims can have a part of it.',
      nodeAllocatableResourceMappings: 'What it takes of what the node has.',
    },
  },
  [`${DEVICES}.DeviceAttribute`]: {
    is: 'What a device is like in one respect. One of these is set.',
    fields: {
      int: 'A number.',
      bool: 'Yes or no.',
      string: 'A text.',
      version: 'A version, as semver.org has it.',
      ints: 'Numbers.',
      bools: 'Several times yes or no.',
      strings: 'Texts.',
      versions: 'Versions.',
    },
  },
  [`${DEVICES}.DeviceCapacity`]: {
    is: 'How much a device has of something.',
    fields: { value: 'How much.', requestPolicy: 'How much of it a claim can ask for.' },
  },
  [`${DEVICES}.CapacityRequestPolicy`]: {
    is: 'How much a claim can ask for.',
    fields: {
      default: 'How much a claim gets that does not say.',
      validValues: 'One of these.',
      validRange: 'Something in between.',
    },
  },
  [`${DEVICES}.CapacityRequestPolicyRange`]: {
    is: 'How much a claim can ask for: something in between.',
    fields: { min: 'The least.', max: 'The most.', step: 'By how much it grows.' },
  },
  [`${DEVICES}.CounterSet`]: {
    is: 'What devices of a pool take from each other.',
    fields: { name: 'What it is called.', counters: 'How much there is of what.' },
  },
  [`${DEVICES}.Counter`]: { is: 'An amount.', fields: { value: 'How much.' } },
  [`${DEVICES}.DeviceCounterConsumption`]: {
    is: 'What a device takes from others.',
    fields: { counterSet: 'Out of which set.', counters: 'How much of what.' },
  },
  [`${DEVICES}.DeviceTaint`]: {
    is: 'What keeps claims away from a device.',
    fields: {
      key: 'What is wrong with it.',
      value: 'More of that.',
      effect: 'NoSchedule: nobody new gets it. NoExecute: who has it ends. None: nothing.',
      timeAdded: 'Since when.',
    },
  },
  [`${DEVICES}.NodeAllocatableResourceMapping`]: {
    is: 'What a device takes of what the node has.',
    fields: {
      capacityKey: 'The capacity that says how much.',
      allocationMultiplier: 'How much for each.',
    },
  },
};
