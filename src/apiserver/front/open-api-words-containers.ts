/** Words for containers (k8s.io/api, core/v1). */
import type { Described, Words } from './open-api-words.ts';

const CORE = 'io.k8s.api.core.v1';

const CONTAINER: NonNullable<Described['fields']> = {
  name: 'The name of the container, once in a pod. It never changes.',
  image: 'The image that is run.',
  command: 'What is started, in place of what the image says. $(NAME) is the value of a variable.',
  args: 'Its arguments, in place of those of the image. $(NAME) is the value of a variable.',
  workingDir: 'The folder in which it starts, where it is not that of the image.',
  ports: 'Ports that the container listens on. For the reader: others can be reached, too.',
  envFrom: 'Where environment variables come from in one go.',
  env: 'Environment variables.',
  resources: 'What the container needs and may have at most.',
  resizePolicy: 'Whether a change of resources restarts the container.',
  restartPolicy: 'When the container starts again, where it is not as the pod says.',
  restartPolicyRules: 'Exit codes for which it is otherwise; the first that fits holds.',
  volumeMounts: "Where volumes stand in the container's file system.",
  volumeDevices: 'Volumes that the container uses as devices.',
  livenessProbe: 'Whether it lives: it is restarted where this fails.',
  readinessProbe: 'Whether it may be given work: services leave it out where this fails.',
  startupProbe: 'Whether it has started: other probes wait for this one.',
  lifecycle: 'What is done after the start and before the end.',
  terminationMessagePath: 'The file in which the container may say why it ends.',
  terminationMessagePolicy: 'Where to look if that file is empty.',
  imagePullPolicy: 'When the image is pulled.',
  securityContext: 'Security settings, before those of the pod.',
  stdin: 'Whether there is a standard input to attach to.',
  stdinOnce: 'Whether the standard input ends with the first that was attached.',
  tty: 'Whether there is a terminal; needs `stdin`.',
};

const LIMITS: NonNullable<Described['fields']> = {
  limits: 'The most that there may be.',
  requests: 'The least that there must be; the limits where nothing is said.',
};

export const CONTAINER_DESCRIPTIONS: Words = {
  [`${CORE}.Container`]: { is: 'A program in a pod.', fields: CONTAINER },
  [`${CORE}.EphemeralContainer`]: {
    is: 'A program that was added to a pod that runs, to look into it. It is never restarted.',
    fields: {
      ...CONTAINER,
      targetContainerName: 'The container whose processes it sees.',
    },
  },
  [`${CORE}.ContainerPort`]: {
    is: 'A port that a container listens on.',
    fields: {
      name: 'How services may call it.',
      hostPort: 'The same on the node; one pod of a node can have it.',
      containerPort: 'The number of the port.',
      protocol: 'UDP, TCP or SCTP.',
      hostIP: 'The address of the node that `hostPort` is bound to.',
    },
  },
  [`${CORE}.EnvFromSource`]: {
    is: 'Where environment variables come from in one go. One of the references is set.',
    fields: {
      prefix: 'Stands before each name.',
      configMapRef: 'A ConfigMap.',
      secretRef: 'A Secret.',
    },
  },
  [`${CORE}.EnvVar`]: {
    is: 'An environment variable.',
    fields: {
      name: 'Its name.',
      value: 'Its value. $(NAME) is the value of one before it.',
      valueFrom: 'Where the value is, in place of `value`.',
    },
  },
  [`${CORE}.EnvVarSource`]: {
    is: 'Where a value is. One of the fields is set.',
    fields: {
      fieldRef: 'A field of the pod.',
      resourceFieldRef: "One of the container's requests and limits.",
      configMapKeyRef: 'A key of a ConfigMap.',
      secretKeyRef: 'A key of a Secret.',
      fileKeyRef: 'A key of a file with variables.',
    },
  },
  [`${CORE}.ContainerResizePolicy`]: {
    is: 'What a change of a resource does to a container.',
    fields: { resourceName: 'The resource.', restartPolicy: 'NotRequired or RestartContainer.' },
  },
  [`${CORE}.ContainerRestartRule`]: {
    is: 'What becomes of a container that ends in this way.',
    fields: { action: 'Restart, or RestartAllContainers.', exitCodes: 'In which way.' },
  },
  [`${CORE}.ContainerRestartRuleOnExitCodes`]: {
    is: 'Exit codes.',
    fields: { operator: 'In or NotIn.', values: 'The codes.' },
  },
  [`${CORE}.ResourceRequirements`]: {
    is: 'What is needed, and what may be had at most.',
    fields: { ...LIMITS, claims: 'Claims of the pod that the container uses.' },
  },
  [`${CORE}.VolumeResourceRequirements`]: {
    is: 'How large a volume is.',
    fields: LIMITS,
  },
  [`${CORE}.ResourceClaim`]: {
    is: 'A claim of the pod, or a part of one.',
    fields: {
      name: 'The claim, as the pod calls it.',
      request: 'The request in the claim; all where nothing is said.',
    },
  },
  [`${CORE}.Probe`]: {
    is: 'How something is asked of a container, and how often.',
    fields: {
      exec: 'A command that must end with 0.',
      httpGet: 'An HTTP request that must succeed.',
      tcpSocket: 'A port that must accept connections.',
      grpc: 'A health check of gRPC.',
      initialDelaySeconds: 'How long to wait after the start.',
      timeoutSeconds: 'How long to wait for the answer; 1 where nothing is said.',
      periodSeconds: 'How often it is asked; every 10 seconds where nothing is said.',
      successThreshold: 'How many good answers in a row make it succeed.',
      failureThreshold: 'How many bad answers in a row make it fail; 3 where nothing is said.',
      terminationGracePeriodSeconds: 'How long the pod may take to end after it has failed.',
    },
  },
  [`${CORE}.ExecAction`]: {
    is: 'A command in the container.',
    fields: { command: 'The command and its arguments. No shell is between.' },
  },
  [`${CORE}.HTTPGetAction`]: {
    is: 'An HTTP request.',
    fields: {
      path: 'The path.',
      port: 'The number or the name of the port.',
      host: 'Whom to ask; the pod where nothing is said.',
      scheme: 'HTTP or HTTPS.',
      httpHeaders: 'Headers to send.',
    },
  },
  [`${CORE}.HTTPHeader`]: {
    is: 'A header of HTTP.',
    fields: { name: 'Its name.', value: 'Its value.' },
  },
  [`${CORE}.TCPSocketAction`]: {
    is: 'A port to connect to.',
    fields: {
      port: 'The number or the name of the port.',
      host: 'Whose port; that of the pod where nothing is said.',
    },
  },
  [`${CORE}.GRPCAction`]: {
    is: 'A health check of gRPC.',
    fields: { port: 'The number of the port.', service: 'The service that is asked about.' },
  },
  [`${CORE}.SleepAction`]: {
    is: 'A time to wait.',
    fields: { seconds: 'How many seconds.' },
  },
  [`${CORE}.Lifecycle`]: {
    is: 'What is done when a container starts and ends.',
    fields: {
      postStart: 'Right after the start; if it fails, the container ends.',
      preStop: 'Before the end; the grace period runs meanwhile.',
      stopSignal: 'The signal that asks it to end.',
    },
  },
  [`${CORE}.LifecycleHandler`]: {
    is: 'Something that is done. One of the fields is set.',
    fields: {
      exec: 'A command is run.',
      httpGet: 'An HTTP request is sent.',
      tcpSocket: 'No longer used.',
      sleep: 'A time passes.',
    },
  },
  [`${CORE}.ContainerStatus`]: {
    is: 'How a container is doing.',
    fields: {
      name: 'The container.',
      state: 'How it is now.',
      lastState: 'How it was before it was last restarted.',
      ready: 'Whether it may be given work.',
      restartCount: 'How often it was restarted.',
      image: 'The image that runs.',
      imageID: 'The same, so that no other can be meant.',
      containerID: 'What the runtime calls it: TYPE://ID.',
      started: 'Whether it has started, as its start-up probe has it.',
      allocatedResources: 'What the node has set aside.',
      resources: 'What is in force.',
      volumeMounts: 'How its volumes are mounted.',
      user: 'As whom its first process was started.',
      allocatedResourcesStatus: 'How the devices are that it was given.',
      stopSignal: 'The signal that asks it to end.',
    },
  },
  [`${CORE}.ContainerState`]: {
    is: 'How a container is. One of the fields is set; if none, it waits.',
    fields: {
      waiting: 'It has not started yet.',
      running: 'It runs.',
      terminated: 'It has ended.',
    },
  },
  [`${CORE}.ContainerStateWaiting`]: {
    is: 'A container that has not started yet.',
    fields: { reason: 'Why not, in one word.', message: 'Why not, for people.' },
  },
  [`${CORE}.ContainerStateRunning`]: {
    is: 'A container that runs.',
    fields: { startedAt: 'Since when.' },
  },
  [`${CORE}.ContainerStateTerminated`]: {
    is: 'A container that has ended.',
    fields: {
      exitCode: 'Its exit code.',
      signal: 'The signal that has ended it.',
      reason: 'Why, in one word.',
      message: 'Why, for people.',
      startedAt: 'When it had started.',
      finishedAt: 'When it ended.',
      containerID: 'What the runtime called it: TYPE://ID.',
    },
  },
  [`${CORE}.ContainerUser`]: {
    is: 'As whom the first process of a container was started.',
    fields: { linux: 'On Linux.' },
  },
  [`${CORE}.LinuxContainerUser`]: {
    is: 'A user of Linux.',
    fields: {
      uid: 'The number of the user.',
      gid: 'The number of its first group.',
      supplementalGroups: 'The numbers of its other groups.',
    },
  },
  [`${CORE}.ResourceStatus`]: {
    is: 'How the devices of one sort are.',
    fields: { name: 'The sort.', resources: 'The devices.' },
  },
  [`${CORE}.ResourceHealth`]: {
    is: 'How a device is.',
    fields: {
      resourceID: 'The device.',
      health: 'Healthy, Unhealthy or Unknown.',
      message: 'Why it is so, for people.',
    },
  },
};
