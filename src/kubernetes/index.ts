/** The vocabulary of Kubernetes that kubepki speaks. No I/O. */
export * from './kubeconfig/index.ts';
